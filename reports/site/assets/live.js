// The runs that are being made, as the server sends them. Text from outside only ever
// becomes the text of a node.
(function () {
  "use strict";

  var nb = window.nerbench, el = nb.el, commas = nb.commas;
  var page = document.getElementById("live");

  var states = { asking: "running", complete: "complete", partial: "ended, incomplete", stopped: "stopped" };

  // The region stays: another one in its place would lose the focus and the place of a reader.
  var region = el("div", { class: "scroll", role: "region", "aria-label": "Runs", tabindex: "0" });
  var note = el("p", { class: "soft" }, "F1 and failures are those of the passages that were scored so far.");
  var lost = el("p", { class: "soft" });

  function duration(seconds) {
    if (seconds === null) return "–";
    var s = Math.round(seconds), h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
    return h ? h + " h " + m + " min" : m ? m + " min " + s % 60 + " s" : s + " s";
  }

  function show(runs) {
    page.dataset.runs = runs.length;
    if (!runs.length) {
      page.replaceChildren(el("p", {}, "No run is being made."));
      return;
    }
    var head = el("tr");
    [["Model"], ["Dataset"], ["State"], ["Passages", 1], ["%", 1], ["F1 so far", 1], ["Failures", 1], ["Queries/s", 1], ["Time left", 1], ["Run"]].forEach(function (c) {
      head.append(el("th", { scope: "col", class: c[1] ? "n" : null }, c[0]));
    });
    var body = el("tbody");
    runs.forEach(function (r) {
      var line = el("tr", { "data-run": r.run, "data-state": r.state }, el("th", { scope: "row" }, nb.visible(r.model)), el("td", {}, nb.visible(r.dataset)), el("td", {}, states[r.state] || nb.visible(r.state)));
      [
        commas(r.passages) + " of " + commas(r.total), r.total ? String(Math.floor(100 * r.passages / r.total)) : "–",
        r.span_f1 === null ? "–" : (100 * r.span_f1).toFixed(1), r.answers ? commas(r.failures) + " of " + commas(r.answers) : "–",
        r.queries_per_second === null ? "–" : r.queries_per_second.toFixed(1), duration(r.eta_seconds)
      ].forEach(function (c) { line.append(el("td", { class: "n" }, c)); });
      line.append(el("td", { class: "mono" }, nb.visible(r.run)));
      body.append(line);
    });
    region.replaceChildren(el("table", {}, el("thead", {}, head), body));
    lost.remove();
    if (region.parentNode !== page) page.replaceChildren(region, note);
  }

  var source = new EventSource("events");
  source.addEventListener("runs", function (e) {
    var state = JSON.parse(e.data);
    if (state.error) page.replaceChildren(el("p", {}, nb.visible(state.error)));
    else show(state.runs);
  });
  // The browser connects again by itself, except after an answer that refuses it.
  source.onerror = function () {
    lost.textContent = source.readyState === EventSource.CLOSED
      ? "The server refused the connection. Reload the page to try again."
      : "The connection to the server is lost: the numbers may be old. Connecting again …";
    page.prepend(lost); // until the next state
  };
})();
