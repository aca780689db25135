// The comparison of two models: differences by dataset and type, and the passages on
// which they differ. Text from outside only ever becomes the text of a node.
(function () {
  "use strict";

  var nb = window.nerbench, el = nb.el, shown = nb.shown, commas = nb.commas;
  var page = document.getElementById("compare");
  var root = document.documentElement.dataset.root;
  var mostListed = 100; // passages, before "show more"

  var data = null;
  var turn = 0;

  function part(name) { return page.querySelector("[data-part=" + name + "]"); }

  function say(text) { part("message").textContent = text; }

  function fail(error) { say(error && error.message ? error.message : String(error)); }

  function f1(s) { return !s || s.n_pred + s.n_gold === 0 ? null : 2 * s.tp / (s.n_pred + s.n_gold); }

  // percent prints a ratio with one decimal. It rounds the shortest decimal that reads as
  // f, half away from zero, as the tables of the program do.
  function percent(f) {
    if (f === null) return "–";
    var sign = f < 0 ? "-" : "", text = String(Math.abs(f));
    if (text.indexOf("e") >= 0) return "0.0";
    var parts = text.split("."), digits = ((parts[1] || "") + "0000").slice(0, 4);
    var tenths = +(parts[0] + digits.slice(0, 3)) + (digits[3] >= "5" ? 1 : 0);
    return (tenths ? sign : "") + (tenths / 10).toFixed(1);
  }

  function points(d) {
    var text = percent(d);
    return d === null || text === "0.0" ? text : d > 0 ? "+" + text : "−" + text.slice(1);
  }

  function pValue(p) { return p < 0.001 ? "<0.001" : p.toFixed(3); }

  // numbers are the cells of a difference: F1 of A and of B, A − B, interval, p.
  function numbers(a, b, test) {
    var d = test ? test.difference : a === null || b === null ? null : a - b;
    var significant = test && test.p_adjusted <= 0.05;
    var cells = [percent(a), percent(b), points(d),
      test && test.interval ? points(test.interval[0]) + " to " + points(test.interval[1]) : "",
      test ? pValue(test.p_adjusted) + (significant ? " *" : "") : ""];
    return cells.map(function (c, i) { return el("td", { class: i === 2 && significant ? "n strong" : "n" }, c); });
  }

  function table(caption, first, tested, rows) {
    var head = el("tr", {}, el("th", { scope: "col" }, first));
    ["A", "B", "A − B", "95 % interval", "p"].forEach(function (h, i) { head.append(el("th", { scope: "col", class: "n" }, h)); });
    var body = el("tbody");
    rows.forEach(function (r) {
      var line = el("tr", { class: r.current ? "current" : null }, el("th", { scope: "row" }, r.name));
      line.append.apply(line, numbers(r.a, r.b, r.test));
      body.append(line);
    });
    var whole = el("table", { class: tested ? "numbers differences" : "numbers differences untested" }, el("caption", {}, caption), el("thead", {}, head), body);
    return el("div", { class: "scroll", role: "region", "aria-label": "By dataset", tabindex: "0" }, whole);
  }

  function model(slug) { return data.models.find(function (m) { return m.slug === slug; }); }

  function own(object, key) { return Object.prototype.hasOwnProperty.call(object || {}, key) ? object[key] : undefined; }

  // pair loads the tests of two models; null: they were not computed. The file may be that
  // of B and A: its numbers are turned.
  function pair(a, b) {
    var path = own(own(data.pairs, a), b);
    if (path) return nb.load(path);
    path = own(own(data.pairs, b), a);
    return path ? nb.load(path).then(turned) : Promise.resolve(null);
  }

  function turned(p) {
    var test = function (t) {
      return t && { difference: -t.difference, interval: t.interval && [-t.interval[1], -t.interval[0]], p: t.p, p_adjusted: t.p_adjusted };
    };
    var out = { mean: test(p.mean), datasets: {} };
    Object.keys(p.datasets || {}).forEach(function (d) { out.datasets[d] = test(p.datasets[d]); });
    return out;
  }

  function quoted(s) { return /^[\w./:@+-]+$/.test(s) ? s : "'" + s.replace(/'/g, "'\\''") + "'"; }

  // ---- the datasets ----

  function datasets(state, tests) {
    var a = own(data.runs, state.a) || {}, b = own(data.runs, state.b) || {}, rows = [], sums = [0, 0, 0], left = 0;
    data.datasets.forEach(function (d) {
      var x = own(a, d.slug), y = own(b, d.slug);
      if (!x || !y) {
        if (x || y) left++;
        return;
      }
      var link = el("a", { href: "#a=" + state.a + "&b=" + state.b + "&d=" + d.slug }, shown(d.title));
      if (d.slug === state.d) link.setAttribute("aria-current", "true");
      var name = document.createDocumentFragment();
      name.append(link);
      if (x.missing || y.missing) name.append(el("span", { class: "soft" }, " incomplete"));
      var fa = f1(x.score), fb = f1(y.score);
      rows.push({ name: name, a: fa, b: fb, test: tests && own(tests.datasets, d.slug), current: d.slug === state.d });
      if (fa !== null && fb !== null && !x.missing && !y.missing) {
        sums = [sums[0] + fa, sums[1] + fb, sums[2] + 1];
      }
    });
    if (sums[2] > 1) rows.unshift({ name: el("b", {}, "mean of " + sums[2] + " datasets"), a: sums[0] / sums[2], b: sums[1] / sums[2], test: tests && tests.mean });
    var out = document.createDocumentFragment();
    if (!rows.length) {
      out.append(el("p", {}, "The two models have no dataset in common."));
      return out;
    }
    out.append(table("F1 in % (" + data.metric + "); A − B in points", "Dataset", tests, rows));
    if (left) out.append(el("p", { class: "soft" }, left === 1 ? "One dataset is left out: only one of the models was run on it." : left + " datasets are left out: only one of the models was run on them."));
    if (tests) out.append(el("p", { class: "soft" }, "p: paired randomisation test, with Holm's correction over the datasets; * is at most 0.05."));
    else {
      out.append(el("p", { class: "soft" }, "The intervals and p values of this pair were not computed when the site was built. This command computes them:"),
        el("pre", {}, "nerbench compare " + quoted(nb.visible(model(state.a).address)) + " " + quoted(nb.visible(model(state.b).address))));
    }
    return out;
  }

  // ---- the types of one dataset ----

  function ratio(a, b) { return b ? a / b : null; }

  // columns are those of the table by type: name, and text of the scores of A and B.
  var columns = [
    ["Gold", function (a, b) { return a.n_gold === b.n_gold ? commas(a.n_gold) : commas(a.n_gold) + " / " + commas(b.n_gold); }],
    ["A", function (a) { return percent(f1(a)); }],
    ["B", function (a, b) { return percent(f1(b)); }],
    ["A − B", function (a, b) { return points(f1(a) === null || f1(b) === null ? null : f1(a) - f1(b)); }],
    ["P of A", function (a) { return percent(ratio(a.tp, a.n_pred)); }],
    ["P of B", function (a, b) { return percent(ratio(b.tp, b.n_pred)); }],
    ["R of A", function (a) { return percent(ratio(a.tp, a.n_gold)); }],
    ["R of B", function (a, b) { return percent(ratio(b.tp, b.n_gold)); }]
  ];

  function types(x, y) {
    var none = { tp: 0, n_pred: 0, n_gold: 0 }, body = el("tbody"), out = document.createDocumentFragment();
    var head = el("tr", {}, el("th", { scope: "col" }, "Type"));
    columns.forEach(function (c) { head.append(el("th", { scope: "col", class: "n" }, c[0])); });
    var all = Object.keys(x.types || {}).concat(Object.keys(y.types || {}));
    Array.from(new Set(all)).sort().forEach(function (t) {
      var a = own(x.types, t) || none, b = own(y.types, t) || none;
      if (!a.n_gold && !b.n_gold) return; // predicted, but not in the dataset
      var line = el("tr", {}, el("th", { scope: "row" }, shown(t)));
      columns.forEach(function (c) { line.append(el("td", { class: "n" }, c[1](a, b))); });
      body.append(line);
    });
    if (!body.rows.length) return out;
    out.append(el("div", { class: "scroll", role: "region", "aria-label": "By type", tabindex: "0" }, el("table", { class: "numbers types" }, el("caption", {}, "By type: F1 in % of A and of B, A − B in points, precision and recall in %"), el("thead", {}, head), body)),
      el("p", { class: "soft" }, "This command computes the intervals and p values by type:"), el("pre", {}, "nerbench compare " + quoted(nb.visible(x.id)) + " " + quoted(nb.visible(y.id))));
    return out;
  }

  // ---- the passages on which they differ ----

  var kinds = [
    ["onlyA", "only A found"], ["onlyB", "only B found"], ["spuriousA", "wrong, only A"], ["spuriousB", "wrong, only B"]
  ];

  function flips(x, y, entries, state) {
    var all = [], sums = { onlyA: 0, onlyB: 0, spuriousA: 0, spuriousB: 0 }, compared = 0;
    for (var p = 0; p < entries[0].passages; p++) {
      var f = nb.flips(x, y, p);
      if (!f) continue;
      compared++;
      var n = 0;
      kinds.forEach(function (k) { sums[k[0]] += f[k[0]]; n += f[k[0]]; });
      if (n) all.push({ p: p, flips: f, n: n });
    }
    var out = el("section", {}, el("h2", {}, "Passages on which they differ"));
    page.dataset.flips = kinds.map(function (k) { return sums[k[0]]; }).join(" ");
    out.append(el("p", {}, "In " + commas(compared) + " passages that both completed, only A found " + commas(sums.onlyA) + " gold " + (sums.onlyA === 1 ? "entity" : "entities") + " and only B " + commas(sums.onlyB) +
      "; only A made " + commas(sums.spuriousA) + " wrong prediction" + (sums.spuriousA === 1 ? "" : "s") + " and only B " + commas(sums.spuriousB) + " (span_f1)."));
    if (!all.length) return out;
    var choice = el("select", { name: "kind" }, el("option", { value: "" }, "all kinds"));
    kinds.forEach(function (k) { choice.append(el("option", { value: k[0] }, k[1])); });
    choice.value = kinds.some(function (k) { return k[0] === state.k; }) ? state.k : "";
    var list = el("div");
    var show = function (most) {
      var kept = all.filter(function (r) { return !choice.value || r.flips[choice.value]; });
      if (choice.value) kept.sort(function (r, s) { return s.flips[choice.value] - r.flips[choice.value] || r.p - s.p; });
      else kept.sort(function (r, s) { return s.n - r.n || r.p - s.p; });
      var head = el("tr", {}, el("th", { scope: "col" }, "Passage")), body = el("tbody");
      kinds.forEach(function (k) { head.append(el("th", { scope: "col", class: "n" }, k[1])); });
      kept.slice(0, most).forEach(function (r) {
        var name = "Passage " + commas(r.p + 1);
        var line = el("tr", {}, el("th", { scope: "row" }, page.dataset.view ? el("a", { href: root + "view.html#run=" + entries[0].slug + "," + entries[1].slug + "&p=" + (r.p + 1) + "&show=flips" }, name) : name));
        kinds.forEach(function (k) { line.append(el("td", { class: "n" }, r.flips[k[0]] ? String(r.flips[k[0]]) : "")); });
        body.append(line);
      });
      list.replaceChildren(el("p", { class: "soft" }, commas(kept.length) + (kept.length === 1 ? " passage" : " passages")),
        el("div", { class: "scroll", role: "region", "aria-label": "Passages that differ", tabindex: "0" }, el("table", { class: "numbers flips" }, el("thead", {}, head), body)));
      if (kept.length > most) {
        var more = el("button", { type: "button" }, "Show " + commas(Math.min(kept.length - most, 10 * mostListed)) + " more");
        more.addEventListener("click", function () { show(most + 10 * mostListed); });
        list.append(more);
      }
    };
    choice.addEventListener("change", function () {
      state.k = choice.value;
      nb.setState(state);
      show(mostListed);
    });
    out.append(el("p", {}, el("label", {}, "Show ", choice)), list);
    show(mostListed);
    return out;
  }

  // ---- the page ----

  function common(state) {
    var a = own(data.runs, state.a) || {}, b = own(data.runs, state.b) || {};
    return data.datasets.filter(function (d) { return own(a, d.slug) && own(b, d.slug); });
  }

  function open() {
    var now = ++turn;
    say("");
    return (data ? Promise.resolve(data) : nb.load(page.dataset.file)).then(function (d) {
      if (now !== turn) return null;
      data = d;
      var state = nb.state();
      var names = data.models.filter(function (m) { return own(data.runs, m.slug); });
      ["a", "b"].forEach(function (side, i) {
        var select = page.querySelector("[name=" + side + "]");
        select.replaceChildren();
        names.forEach(function (m) { select.append(el("option", { value: m.slug }, nb.visible(m.name))); });
        if (!names.some(function (m) { return m.slug === state[side]; })) state[side] = (names.find(function (m) { return i === 0 || m.slug !== state.a; }) || names[0]).slug;
        select.value = state[side];
      });
      var both = common(state);
      if (!both.some(function (d) { return d.slug === state.d; })) state.d = both.length === 1 ? both[0].slug : "";
      nb.setState(state);
      return pair(state.a, state.b).then(function (tests) {
        if (now !== turn) return null;
        part("datasets").replaceChildren(datasets(state, tests));
        part("types").replaceChildren();
        part("flips").replaceChildren();
        page.dataset.flips = "";
        page.dataset.ready = state.a + " " + state.b + " " + state.d;
        return state.d ? dataset(state, now) : null;
      });
    });
  }

  function dataset(state, now) {
    var runs = [data.runs[state.a][state.d], data.runs[state.b][state.d]];
    return Promise.all(runs.map(function (r) { return nb.load("data/runs/" + r.slug + "/answers.js"); })).then(function (entries) {
      if (now !== turn) return null;
      var title = data.datasets.find(function (d) { return d.slug === state.d; }).title;
      part("types").replaceChildren(el("h2", {}, shown(title)), types(entries[0], entries[1]));
      return Promise.all(entries.map(function (e) { return nb.load(e.index); })).then(function (files) {
        if (now !== turn) return;
        part("flips").replaceChildren(flips(nb.readIndex(files[0]), nb.readIndex(files[1]), entries, state));
      });
    });
  }

  page.querySelector("form").addEventListener("submit", function (e) { e.preventDefault(); });
  page.querySelector("form").addEventListener("change", function () {
    var state = nb.state();
    state.a = page.querySelector("[name=a]").value;
    state.b = page.querySelector("[name=b]").value;
    nb.setState(state);
    open().catch(fail);
  });
  part("swap").addEventListener("click", function () {
    var state = nb.state(), a = state.a;
    state.a = state.b;
    state.b = a;
    nb.setState(state);
    open().catch(fail);
  });
  window.addEventListener("hashchange", function () { open().catch(fail); });
  open().catch(fail);
})();
