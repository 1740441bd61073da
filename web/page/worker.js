// Runs in a worker: starts the analyzer and answers the page. It follows
// wasm_exec.js of the Go release that built the analyzer.
(function () {
  "use strict";
  var go = new Go(), cancels = {}, waiting = [], ready = false;
  function ask(m) {
    cancels[m.id] = self.mailtraceAsk(m.question, function (event) {
      if (event === null) delete cancels[m.id];
      self.postMessage({ id: m.id, event: event });
    });
  }
  self.onmessage = function (e) {
    var m = e.data;
    if (m.wasm) {
      WebAssembly.instantiate(m.wasm, go.importObject).then(function (r) {
        go.run(r.instance);
        ready = true;
        self.postMessage({ started: self.mailtraceVersion });
        waiting.forEach(handle);
        waiting = [];
      }, function (err) { self.postMessage({ failed: String(err) }); });
      return;
    }
    if (ready) handle(m); else waiting.push(m);
  };
  function handle(m) {
    if (m.cancel) { if (cancels[m.cancel]) cancels[m.cancel](); return; }
    if (m.file) { self.postMessage({ id: m.id, file: self.mailtraceFile(m.file, m.format, m.redacted) }); return; }
    ask(m);
  }
})();
