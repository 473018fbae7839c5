-- POSTs each confirmation link once. LINKS: a file with a path on each line. Ends with the last of them, or with
-- wrk's duration if that is sooner; so the rate is taken by this clock, from the first request to the last answer.
local ffi = require("ffi")
ffi.cdef("typedef struct { long s; long ns; } moment; int clock_gettime(int, moment *);")
local moment = ffi.new("moment")
local function now()
  ffi.C.clock_gettime(1, moment)
  return tonumber(moment.s) + tonumber(moment.ns) / 1e9
end

local headers = { ["Content-Type"] = "application/x-www-form-urlencoded", ["Sec-Fetch-Site"] = "same-origin" }
local links, at = {}, 0
local threads = {}
confirmed, wrong, first, last = 0, 0, 0, 0

function setup(thread) table.insert(threads, thread) end

function init()
  local file = assert(os.getenv("LINKS"), "set LINKS to a file of paths")
  for path in io.lines(file) do table.insert(links, path) end
end

function request()
  at = at + 1
  -- wrk asks for one request before it begins, and sends it to nobody.
  if at == 2 then first = now() end
  if at > #links then wrk.thread:stop() end
  return wrk.format("POST", links[math.min(at, #links)], headers, "")
end

function response(status)
  last = now()
  if status == 303 then
    confirmed = confirmed + 1
  else
    wrong = wrong + 1
    if wrong <= 3 then io.stderr:write("a confirmation was answered " .. status .. "\n") end
  end
end

function done(summary, latency)
  local errors = summary.errors
  local bad, good = errors.connect + errors.read + errors.write + errors.timeout, 0
  local took = 0
  for _, thread in ipairs(threads) do
    bad, good = bad + thread:get("wrong"), good + thread:get("confirmed")
    took = math.max(took, thread:get("last") - thread:get("first"))
  end
  io.write(string.format("RESULT rate=%.3f p50=%.4f p99=%.4f max=%.3f answers=%d wrong=%d\n",
    took > 0 and good / took or 0, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    latency.max / 1e3, good, bad))
end
