-- For wrk: asks for some paths in turn and prints the outcome as JSON. Arguments: a cookie or -, and a file with a
-- path in each line; behind a tab, the form that is posted there.
local requests, turn = {}, 0

function init(args)
  local headers = {}
  if args[1] ~= "-" then headers["Cookie"] = args[1] end
  for line in io.lines(args[2]) do
    local path, form = line:match("^(.-)\t(.*)$")
    headers["Content-Type"] = form and "application/x-www-form-urlencoded"
    requests[#requests + 1] = wrk.format(form and "POST" or "GET", path or line, headers, form)
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function done(summary, latency)
  local errors, bad = summary.errors, 0
  for _, count in pairs(errors) do bad = bad + count end
  print(string.format('\n{"requests": %d, "seconds": %f, "bad": %d, "p50": %f, "p99": %f}', summary.requests,
    summary.duration / 1e6, bad, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
