-- GETs the same again and again. ACCEPT_ENCODING: sent if it is set. LEAST: how many bytes an answer has at least.
-- Answers are not looked at one by one, which would have wrk keep each body: wrong is what wrk calls an error, and
-- everything if answers were smaller on average than they must be.
if os.getenv("ACCEPT_ENCODING") then wrk.headers["Accept-Encoding"] = os.getenv("ACCEPT_ENCODING") end

function done(summary, latency)
  local errors = summary.errors
  local wrong = errors.status + errors.connect + errors.read + errors.write + errors.timeout
  local least = tonumber(os.getenv("LEAST") or "0")
  if summary.bytes < summary.requests * least then
    wrong = summary.requests
    io.stderr:write(string.format("answers had %.0f bytes, not %.0f\n", summary.bytes / summary.requests, least))
  end
  io.write(string.format("RESULT rate=%.3f p50=%.4f p99=%.4f max=%.3f answers=%d wrong=%d\n",
    summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    latency.max / 1e3, summary.requests, wrong))
end
