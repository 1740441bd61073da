// What answers on the page without a server: the analyzer in a worker. It is
// read from mailtrace.wasm.gz where there is a web server, and from
// mailtrace.wasm.js where the page is a file on a disk, since a browser lets a
// file read no other.
(function () {
  "use strict";
  var worker = null, next = 1, calls = {}, data = document.documentElement.dataset;
  var policy = window.trustedTypes ? window.trustedTypes.createPolicy("mailtrace-worker", {
    createScriptURL: function (s) { return s; }
  }) : { createScriptURL: function (s) { return s; } };

  function unpacked(bytes) {
    // A web server may have undone the compression on the way.
    if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return Promise.resolve(bytes);
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  }
  function script(src) {
    return new Promise(function (done, failed) {
      var s = document.createElement("script");
      s.onload = done;
      s.onerror = function () { failed(new Error(src + " is not in this folder")); };
      s.src = policy.createScriptURL(src);
      document.head.appendChild(s);
    });
  }
  function read() {
    if (location.protocol !== "file:") {
      return fetch("mailtrace.wasm.gz").then(function (r) {
        if (!r.ok) throw new Error("mailtrace.wasm.gz is not in this folder");
        return r.arrayBuffer();
      }).then(function (b) { return unpacked(new Uint8Array(b)); });
    }
    return script("mailtrace.wasm.js").then(function () {
      var text = atob(window.mailtraceWasm), bytes = new Uint8Array(text.length);
      window.mailtraceWasm = null;
      for (var i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
      return unpacked(bytes);
    });
  }
  var started = read().then(function (wasm) {
    return new Promise(function (done, failed) {
      var source = URL.createObjectURL(new Blob([window.mailtraceWorker], { type: "text/javascript" }));
      worker = new Worker(policy.createScriptURL(source));
      worker.onerror = function (e) { failed(new Error("the analyzer does not start: " + e.message)); };
      worker.onmessage = function (e) {
        var m = e.data;
        if (m.started) done();
        else if (m.failed) failed(new Error("the analyzer does not start: " + m.failed));
        else if (calls[m.id]) calls[m.id](m);
      };
      worker.postMessage({ wasm: wasm });
    });
  });
  started.catch(function () {});

  window.mailtraceBackend = {
    promise: "It is read in this page: nothing is sent, and nothing is stored.",
    dnsNote: "Asking the DNS is off. Switched on, the page sends the domains and addresses that it reads in the message to the server that you choose, by DNS over HTTPS.",
    dnsDefault: false,
    canAsk: true,
    servers: [
      { name: "Quad9 (dns.quad9.net)", url: "https://dns.quad9.net/dns-query" },
      { name: "Cloudflare (cloudflare-dns.com)", url: "https://cloudflare-dns.com/dns-query" },
      { name: "Google (dns.google)", url: "https://dns.google/dns-query" }
    ],
    foot: data.tool || "",
    maxBytes: Number(data.max),
    started: started,
    ask: function (q, emit) {
      var id = next++, over;
      var done = started.then(function () {
        return new Promise(function (resolve) {
          over = resolve;
          calls[id] = function (m) {
            if (m.event === null) { delete calls[id]; resolve(); } else emit(JSON.parse(m.event));
          };
          worker.postMessage({ id: id, question: q });
        });
      });
      return { done: done, cancel: function () {
        if (worker) worker.postMessage({ cancel: id });
        delete calls[id];
        if (over) over();
      } };
    },
    file: function (answer, format, redacted) {
      var id = next++;
      return started.then(function () {
        return new Promise(function (resolve, reject) {
          calls[id] = function (m) {
            delete calls[id];
            if (!m.file) { reject(new Error("not kept")); return; }
            var blob = new Blob([m.file.bytes], { type: m.file.type });
            blob.name = m.file.name;
            resolve(blob);
          };
          worker.postMessage({ id: id, file: answer, format: format, redacted: redacted });
        });
      });
    }
  };
})();
