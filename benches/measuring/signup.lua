-- POSTs signups, each with an address of its own. FORM: the other fields, encoded. SEED: keeps runs apart.
local form = assert(os.getenv("FORM"), "set FORM to the fields besides the address")
local seed = assert(os.getenv("SEED"), "set SEED")
local headers = { ["Content-Type"] = "application/x-www-form-urlencoded", ["Sec-Fetch-Site"] = "same-origin" }
local sent = 0
local threads = {}
wrong = 0

function setup(thread) table.insert(threads, thread) end

function request()
  sent = sent + 1
  return wrk.format("POST", nil, headers, "email=u" .. seed .. "x" .. sent .. "%40example.com&" .. form)
end

function response(status)
  if status ~= 303 then
    wrong = wrong + 1
    if wrong <= 3 then io.stderr:write("a signup was answered " .. status .. "\n") end
  end
end

function done(summary, latency)
  local errors = summary.errors
  local bad = errors.connect + errors.read + errors.write + errors.timeout
  for _, thread in ipairs(threads) do bad = bad + thread:get("wrong") end
  io.write(string.format("RESULT rate=%.3f p50=%.4f p99=%.4f max=%.3f answers=%d wrong=%d\n",
    summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    latency.max / 1e3, summary.requests, bad))
end
