// The page: takes a paste, a file or the name of a domain, hands it to what
// answers (window.mailtraceBackend) and shows the answer as it comes. All HTML
// that it shows was made by package render, which escapes; nothing else is ever
// taken for HTML.
(function () {
  "use strict";
  var backend = window.mailtraceBackend;
  var el = function (id) { return document.getElementById(id); };
  var text = el("text"), state = el("state"), result = el("result"), cancel = el("cancel"), save = el("save");
  var policy = window.trustedTypes ? window.trustedTypes.createPolicy("mailtrace", { createHTML: function (s) { return s; } }) : { createHTML: function (s) { return s; } };
  var running = null, shown = 0, run = 0, shows = 0;

  el("promise").textContent = backend.promise;
  el("dns-note").textContent = backend.dnsNote;
  el("dns").checked = backend.dnsDefault;
  el("dns").disabled = !backend.canAsk;
  el("foot").textContent = backend.foot;
  (backend.servers || []).forEach(function (s) {
    var o = document.createElement("option");
    o.value = s.url; o.textContent = s.name;
    el("server").appendChild(o);
    el("server-label").hidden = false;
  });

  // show shows an answer. The first one to a question comes in two frames: the
  // verdict, and then what is below it.
  function show(html, first) {
    var page = document.createElement("template"), mine = ++shows;
    page.innerHTML = policy.createHTML(html);
    var answer = first && !document.hidden && page.content.querySelector("article"), rest = document.createDocumentFragment();
    while (answer && answer.children.length > 1) rest.appendChild(answer.children[1]);
    result.replaceChildren(page.content);
    function whole() {
      if (mine !== shows) return;
      if (answer) answer.appendChild(rest);
      if (window.mailtraceReady) window.mailtraceReady(result);
    }
    if (!answer) return Promise.resolve(whole());
    return new Promise(function (done) {
      requestAnimationFrame(function () { setTimeout(function () { done(whole()); }, 0); });
    });
  }
  function say(words) { state.textContent = words; }
  function busy(on) {
    cancel.hidden = !on;
    result.setAttribute("aria-busy", on ? "true" : "false");
  }

  // domainName tells the name of a domain from the text of a message.
  function domainName(s) {
    s = s.trim();
    if (s.length > 253 || /[\s:@]/.test(s) || s.indexOf(".") < 1) return "";
    return /^[^\x00-\x2c\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f]+\.?$/.test(s) ? s.replace(/\.$/, "") : "";
  }

  function ask(question, label) {
    stop();
    var mine = ++run;
    question.dns = el("dns").checked;
    question.server = el("server").value;
    question.trust = el("trust").value.split(/\s+/).filter(Boolean).slice(0, 32);
    save.hidden = true;
    shown = 0;
    var first = true;
    busy(true);
    say("Reading " + label + " …");
    running = backend.ask(question, function (e) {
      if (mine !== run) return;
      switch (e.event) {
      case "path":
        show(e.html, first);
        first = false;
        say("The path is here after " + e.ms + " ms. Asking the DNS …");
        break;
      case "dns":
        say("Asked the DNS " + e.asked + " times, " + e.waiting + " open: " + e.last);
        break;
      case "done":
        show(e.html, first).then(function () {
          if (mine !== run) return;
          shown = e.id;
          save.hidden = false;
          remember(e);
          say("Done in " + e.ms + " ms" + (e.asked ? ", with " + e.asked + " questions to the DNS." : ", without the DNS."));
        });
        break;
      case "error":
        show("");
        say("Error: " + e.text + (e.hint ? ". Hint: " + e.hint : ""));
        break;
      }
    });
    running.done.then(function () {
      if (mine === run) { running = null; busy(false); }
    }, function (err) {
      if (mine !== run) return;
      running = null;
      busy(false);
      say("Error: " + (err && err.message || "no answer"));
    });
  }

  function stop() {
    if (!running) return false;
    running.cancel();
    running = null;
    run++;
    busy(false);
    return true;
  }

  function remember(e) {
    var list = el("history").querySelector("ol");
    var item = document.createElement("li"), button = document.createElement("button");
    button.type = "button";
    button.textContent = e.title + ": " + e.status.replace(/-/g, " ");
    button.addEventListener("click", function () {
      stop();
      backend.file(e.id, "fragment", false).then(function (f) { return f.text(); }).then(function (html) {
        show(html);
        shown = e.id;
        save.hidden = false;
        say("An earlier answer: " + e.title);
        result.focus();
      }, function () { say("Error: this answer is not kept any more"); });
    });
    item.appendChild(button);
    list.prepend(item);
    while (list.children.length > 30) list.lastChild.remove();
    el("history").hidden = false;
  }

  function fromText() {
    var value = text.value;
    if (value.trim() === "") { say("Nothing to check yet: paste a message or its header, or type a domain"); return; }
    var domain = domainName(value);
    if (domain) ask({ domain: domain }, domain);
    else ask({ name: "", bytes: new TextEncoder().encode(value) }, "the message");
  }

  function fromFile(file) {
    if (file.size > backend.maxBytes) {
      say("Error: " + file.name + " has more than " + (backend.maxBytes >> 20) + " MB. Hint: mailtrace analyze takes larger messages");
      return;
    }
    file.arrayBuffer().then(function (buffer) { ask({ name: file.name, bytes: new Uint8Array(buffer) }, file.name); },
      function () { say("Error: " + file.name + " cannot be read"); });
  }

  el("ask").addEventListener("submit", function (e) { e.preventDefault(); fromText(); });
  text.addEventListener("paste", function (e) {
    var files = e.clipboardData && e.clipboardData.files;
    if (files && files.length) { e.preventDefault(); fromFile(files[0]); return; }
    setTimeout(fromText, 0);
  });
  text.addEventListener("keydown", function (e) {
    // A domain is one line: Enter asks. A message has many: Ctrl+Enter asks.
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey || domainName(text.value))) { e.preventDefault(); fromText(); }
  });
  document.addEventListener("paste", function (e) {
    if (/^(TEXTAREA|INPUT)$/.test(e.target.tagName || "")) return;
    var files = e.clipboardData.files, words = e.clipboardData.getData("text/plain");
    if (files.length) fromFile(files[0]);
    else if (words) { text.value = words; fromText(); }
  });
  document.addEventListener("keydown", function (e) { if (e.key === "Escape" && stop()) say("Cancelled. What is shown is without the missing answers."); });
  cancel.addEventListener("click", function () {
    if (stop()) say("Cancelled. What is shown is without the missing answers.");
    text.focus();
  });
  el("file").addEventListener("change", function () { if (this.files.length) fromFile(this.files[0]); this.value = ""; });

  var depth = 0;
  document.addEventListener("dragenter", function (e) { e.preventDefault(); depth++; el("drop").hidden = false; });
  document.addEventListener("dragleave", function () { if (--depth <= 0) { depth = 0; el("drop").hidden = true; } });
  document.addEventListener("dragover", function (e) { e.preventDefault(); });
  document.addEventListener("drop", function (e) {
    e.preventDefault();
    depth = 0;
    el("drop").hidden = true;
    var files = e.dataTransfer.files, words = e.dataTransfer.getData("text/plain");
    if (files.length) fromFile(files[0]);
    else if (words) { text.value = words; fromText(); }
  });

  save.querySelectorAll("button").forEach(function (button) {
    button.addEventListener("click", function () {
      if (!shown) return;
      backend.file(shown, button.dataset.format, el("redacted").checked).then(function (blob) {
        var a = document.createElement("a");
        a.href = URL.createObjectURL(blob);
        a.download = blob.name || "mailtrace-" + shown + (el("redacted").checked ? "-redacted" : "") + "." + button.dataset.format;
        document.body.appendChild(a);
        a.click();
        a.remove();
        setTimeout(function () { URL.revokeObjectURL(a.href); }, 10000);
        say("Saved as " + a.download);
      }, function () { say("Error: this answer cannot be saved in that form"); });
    });
  });
  window.mailtraceLoaded = true;
})();
