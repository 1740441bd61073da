// What a report cannot do without a script: copy a piece of text, sort a table.
// Everything else on the page works without it. It reads the page and nothing
// else.
(function () {
  "use strict";
  function copies(root) {
    root.querySelectorAll("pre.command").forEach(function (box) {
      if (box.dataset.copy || !navigator.clipboard) return;
      box.dataset.copy = "yes";
      var button = document.createElement("button");
      button.type = "button";
      button.className = "copy";
      button.textContent = "Copy";
      button.addEventListener("click", function () {
        navigator.clipboard.writeText(box.textContent.trim()).then(function () {
          button.textContent = "Copied";
          setTimeout(function () { button.textContent = "Copy"; }, 2000);
        }, function () { button.textContent = "Not allowed here"; });
      });
      box.after(button);
    });
  }
  function key(row, column) {
    var cell = row.cells[column];
    var text = cell.dataset.sort || cell.textContent.trim();
    var number = Number(text);
    return text !== "" && !isNaN(number) ? number : text.toLowerCase();
  }
  function sorts(root) {
    root.querySelectorAll("table.sortable").forEach(function (table) {
      if (table.dataset.sorts) return;
      table.dataset.sorts = "yes";
      Array.prototype.forEach.call(table.tHead.rows[0].cells, function (head, column) {
        var button = document.createElement("button");
        button.type = "button";
        button.className = "sort";
        while (head.firstChild) button.appendChild(head.firstChild);
        head.appendChild(button);
        button.addEventListener("click", function () {
          var down = head.getAttribute("aria-sort") === "ascending";
          Array.prototype.forEach.call(table.tHead.rows[0].cells, function (h) { h.removeAttribute("aria-sort"); });
          head.setAttribute("aria-sort", down ? "descending" : "ascending");
          var rows = Array.prototype.slice.call(table.tBodies[0].rows);
          rows.sort(function (a, b) {
            var x = key(a, column), y = key(b, column);
            if (typeof x !== typeof y) { x = String(x); y = String(y); }
            return (x < y ? -1 : x > y ? 1 : 0) * (down ? -1 : 1);
          });
          rows.forEach(function (row) { table.tBodies[0].appendChild(row); });
        });
      });
    });
  }
  // A link into a folded part unfolds it.
  function unfold() {
    var at = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (var box = at; box; box = box.parentElement) if (box.tagName === "DETAILS") box.open = true;
    if (at) at.scrollIntoView();
  }
  window.mailtraceReady = function (root) { copies(root); sorts(root); };
  window.mailtraceReady(document);
  window.addEventListener("hashchange", unfold);
  unfold();
  // Paper shows what the screen folds away.
  var folded = [];
  window.addEventListener("beforeprint", function () {
    folded = Array.prototype.filter.call(document.querySelectorAll("details"), function (d) { return !d.open; });
    folded.forEach(function (d) { d.open = true; });
  });
  window.addEventListener("afterprint", function () { folded.forEach(function (d) { d.open = false; }); folded = []; });
})();
