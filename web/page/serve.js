// What answers on the local page: the program that serves it.
(function () {
  "use strict";
  window.mailtraceBackend = {
    promise: "It stays on this machine: nothing is stored, and nothing is sent but DNS questions.",
    dnsNote: document.documentElement.dataset.dns || "",
    dnsDefault: document.documentElement.dataset.dns !== "",
    canAsk: document.documentElement.dataset.dns !== "",
    foot: document.documentElement.dataset.tool || "",
    maxBytes: Number(document.documentElement.dataset.max),
    ask: function (q, emit) {
      var abort = new AbortController();
      var url = "ask?dns=" + (q.dns ? "1" : "0");
      if (q.domain) url += "&domain=" + encodeURIComponent(q.domain);
      else url += "&name=" + encodeURIComponent(q.name);
      q.trust.forEach(function (t) { url += "&trust=" + encodeURIComponent(t); });
      var done = fetch(url, {
        method: "POST", body: q.domain ? "" : q.bytes, signal: abort.signal,
        headers: { "Content-Type": "application/octet-stream", "X-Mailtrace": "1" }
      }).then(function (r) {
        if (!r.ok) return r.text().then(function (t) { throw new Error(t.trim() || "status " + r.status); });
        var reader = r.body.getReader(), decoder = new TextDecoder(), left = "";
        return (function next() {
          return reader.read().then(function (part) {
            left += decoder.decode(part.value || new Uint8Array(), { stream: !part.done });
            var lines = left.split("\n");
            left = lines.pop();
            lines.forEach(function (l) { if (l) emit(JSON.parse(l)); });
            return part.done ? undefined : next();
          });
        })();
      });
      return { done: done, cancel: function () { abort.abort(); done.catch(function () {}); } };
    },
    file: function (id, format, redacted) {
      return fetch("file/" + id + "." + format + (redacted ? "?redacted=1" : "")).then(function (r) {
        if (!r.ok) throw new Error("status " + r.status);
        return r.blob();
      });
    }
  };
})();
