// The viewer of answers: one passage at a time, with the gold entities and those of up
// to four systems. Offsets in the data count code points. Text from outside only ever
// becomes the text of a node.
(function () {
  "use strict";

  var nb = window.nerbench, el = nb.el, shown = nb.shown, commas = nb.commas, wrong = nb.wrong;
  var page = document.getElementById("view");
  var names = JSON.parse(page.dataset.names); // outcomes and classes, in the order of their numbers
  var mostLanes = 4;
  var slug = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/;

  var unreadable = nb.bits.unreadable, complete = nb.bits.complete;

  var state = {};   // of the address
  var lanes = [];   // the files of the runs that are shown
  var dataset = null;
  var indexes = {}; // run: its index, once it is loaded
  var texts = null; // of all passages, in lower case, once a search needs them
  var at = 0;       // the passage that is shown, from 0
  var list = null;  // numbers of the passages that the filters keep; null: all
  // What an earlier turn loads is not shown any more.
  var opened = 0, filtered = 0, rendered = 0;

  function part(name) { return page.querySelector("[data-part=" + name + "]"); }

  // ---- data ----

  // chunk returns the path of the chunk that may have passage p; null: there is none.
  function chunk(refs, p) {
    var found = null;
    for (var i = 0; refs && i < refs.length && refs[i].first <= p; i++) found = refs[i];
    return found;
  }

  // passage loads the text and the gold of passage p; null: they may not be shown.
  function passage(p) {
    var ref = dataset.text ? chunk(dataset.chunks, p) : null;
    return ref ? nb.load(ref.file).then(function (c) { return c.passages[p - ref.first] || null; }) : Promise.resolve(null);
  }

  // predicted loads what a run predicted for passage p: its data, "right" if the passage
  // is not written because it has no error, or "missing" without an answer.
  function predicted(lane, p) {
    var ref = chunk(lane.chunks, p);
    return (ref ? nb.load(ref.file) : Promise.resolve({ passages: [] })).then(function (c) {
      var found = c.passages.find(function (x) { return x.p === p; });
      if (found) return found;
      if (lane.complete === lane.passages && lane.chunks) return "right";
      return index(lane).then(function (x) {
        var bits = x.passages[8 * p + 7];
        return !(bits & complete) ? "missing" : wrong(x, p) ? "unknown" : "right";
      });
    });
  }

  // index loads the counts of a run in every passage.
  function index(lane) {
    return nb.load(lane.index).then(function (f) {
      if (!indexes[lane.id]) {
        var x = indexes[lane.id] = nb.readIndex(f);
        x.lane = lane;
      }
      return indexes[lane.id];
    });
  }

  function differ(p) {
    var f = nb.flips(indexes[lanes[0].id], indexes[lanes[1].id], p);
    return f !== null && f.onlyA + f.onlyB + f.spuriousA + f.spuriousB > 0;
  }

  // ---- filters ----

  // keeps returns the test of a passage for the filter "show" of the first system.
  function keeps(show) {
    var x = indexes[lanes[0].id];
    var bits = function (p) { return x.passages[8 * p + 7]; };
    if (!show) return null;
    if (show === "errors") return function (p) { return wrong(x, p); };
    if (show === "right") return function (p) { return (bits(p) & complete) > 0 && !wrong(x, p); };
    if (show === "unreadable") return function (p) { return (bits(p) & unreadable) > 0; };
    if (show === "flips") return lanes.length > 1 ? differ : function () { return false; };
    var c = names.classes.indexOf(show);
    if (c >= 0) return function (p) { return (bits(p) & 1 << c) > 0; };
    var o = names.outcomes.indexOf(show);
    if (o >= 0) return function (p) { return x.passages[8 * p + 6] === o + 1; };
    return null;
  }

  // filter computes the list. It loads the indexes, and for a search all texts.
  function filter() {
    var own = ++filtered;
    var needed = lanes.slice(0, state.show === "flips" ? 2 : 1).map(index);
    if (state.q && dataset.text) needed.push(readTexts(own));
    return Promise.all(needed).then(function () {
      if (own !== filtered) return;
      var keep = keeps(state.show), x = indexes[lanes[0].id], about = state.type ? x.types[state.type] : null;
      var q = dataset.text ? (state.q || "").toLowerCase() : "";
      if (!keep && !state.type && !q) {
        list = null;
        return;
      }
      list = [];
      for (var p = 0; p < dataset.passages; p++) {
        if (keep && !keep(p)) continue;
        if (state.type && !(about && about[p >> 3] & 1 << (p & 7))) continue;
        if (q && texts[p].indexOf(q) < 0) continue;
        list.push(p);
      }
    });
  }

  // readTexts reads the text of every passage, chunk by chunk.
  function readTexts(own) {
    if (texts) return Promise.resolve();
    var all = [];
    return dataset.chunks.reduce(function (before, ref) {
      return before.then(function () {
        if (own !== filtered) return null;
        part("count").textContent = "searching: " + commas(all.length) + " of " + commas(dataset.passages) + " passages";
        return nb.load(ref.file).then(function (c) {
          c.passages.forEach(function (p) { all.push(p.text.toLowerCase()); });
        });
      });
    }, Promise.resolve()).then(function () { if (own === filtered) texts = all; });
  }

  // ---- moving ----

  function next(step, test) {
    for (var p = at + step; p >= 0 && p < dataset.passages; p += step) {
      if ((!list || has(list, p)) && (!test || test(p))) return p;
    }
    return -1;
  }

  // has reports whether a sorted list has a number.
  function has(sorted, n) {
    var low = 0, high = sorted.length;
    while (low < high) {
      var middle = low + high >> 1;
      if (sorted[middle] < n) low = middle + 1; else high = middle;
    }
    return sorted[low] === n;
  }

  function move(step, errorsOnly) {
    if (!dataset) return;
    var own = opened;
    var ready = errorsOnly ? index(lanes[0]) : Promise.resolve();
    ready.then(function () {
      if (own !== opened) return;
      var p = next(step, errorsOnly ? function (p) { return wrong(indexes[lanes[0].id], p); } : null);
      if (p < 0) {
        say(errorsOnly ? "There is no further error." : step > 0 ? "This is the last passage." : "This is the first passage.");
        return;
      }
      say("");
      state.p = String(p + 1);
      nb.setState(state);
      at = p;
      render();
    }).catch(fail);
  }

  function say(text) { part("message").textContent = text; }

  function fail(error) { say(error && error.message ? error.message : String(error)); }

  // ---- the passage ----

  // render shows the passage at.
  function render() {
    var own = ++rendered, p = at;
    return Promise.all([passage(p)].concat(lanes.map(function (lane) { return predicted(lane, p); }))).then(function (all) {
      if (own !== rendered) return;
      var text = all[0], sides = all.slice(1).map(function (x, i) { return side(lanes[i], x, text); });
      var title = part("title");
      title.replaceChildren(el("a", { href: "#" + address(p), title: "Link to this passage" }, "Passage " + commas(p + 1)),
        " of " + commas(dataset.passages), text ? el("span", { class: "soft" }, " ", shown(text.id)) : "");
      part("text").replaceChildren(text ? marked(text, sides) : el("p", { class: "soft" }, "The licence of this dataset does not permit to show its text. Offsets count code points."));
      part("entities").replaceChildren(entities(text, sides));
      part("answers").replaceChildren.apply(part("answers"), sides.map(function (s) { return answersOf(s, text); }));
      buttons();
      page.dataset.ready = String(p + 1);
    });
  }

  function address(p) {
    var q = new URLSearchParams();
    q.set("run", lanes.map(function (l) { return l.slug; }).join(","));
    q.set("p", p + 1);
    return q.toString();
  }

  // side is the prediction of one system: spans, mentions that are not in the text, and
  // answers.
  function side(lane, data, text) {
    var out = { lane: lane, spans: [], unaligned: [], answers: [], note: "" };
    if (data === "missing") out.note = "The run has no answer for this passage.";
    else if (data === "unknown") out.note = "This site has no answers of this run.";
    else if (data === "right") {
      out.spans = text ? text.gold.map(function (s) { return { start: s.start, end: s.end, type: s.type, class: 0 }; }) : [];
      out.note = "Every entity is right. The answer is not part of this site.";
    } else {
      out.spans = data.spans;
      out.unaligned = data.unaligned || [];
      out.answers = data.answers || [];
      var outcomes = (data.outcomes || []).map(function (o) { return o.replace(/_/g, " "); }).join(", ");
      outcomes = outcomes ? "Outcomes of the queries: " + outcomes + ". " : "";
      if (!dataset.text) out.note = (data.missed ? "Missed gold entities: " + data.missed + ". " : "") + outcomes + "Answers and prompts may not be shown.";
      else if (outcomes) out.note = outcomes + "The submission has no answers.";
      else if (!out.answers.length) out.note = "The model answers with spans, not with text.";
    }
    out.missing = data === "missing" || data === "unknown";
    return out;
  }

  // marked is the text, once, with a line below each entity in the lane of gold and in
  // that of each system.
  function marked(text, sides) {
    var points = Array.from(text.text);
    var all = [text.gold.map(function (s) { return { start: s.start, end: s.end, state: "gold" }; })];
    sides.forEach(function (s) {
      all.push(s.spans.map(function (x) { return { start: x.start, end: x.end, state: x.class ? "wrong" : "right" }; }));
    });
    var cuts = [0, points.length];
    all.forEach(function (lane) { lane.forEach(function (s) { cuts.push(s.start, s.end); }); });
    cuts = Array.from(new Set(cuts)).sort(function (a, b) { return a - b; });
    var out = el("p", { class: "passage lanes-" + all.length, dir: "auto" });
    for (var i = 0; i + 1 < cuts.length; i++) {
      var from = cuts[i], to = cuts[i + 1], classes = [];
      all.forEach(function (lane, n) {
        var states = lane.filter(function (s) { return s.start <= from && to <= s.end; }).map(function (s) { return s.state; });
        if (states.length) classes.push("lane-" + n + "-" + (states.indexOf("wrong") >= 0 ? "wrong" : states[0]));
      });
      var piece = shown(points.slice(from, to).join(""));
      out.append(classes.length ? el("span", { class: "mark " + classes.join(" ") }, piece) : piece);
    }
    var legend = el("ol", { class: "legend" }, el("li", { class: "soft" }, "Lines from the top:"), el("li", {}, el("span", { class: "mark-line gold" }), "Gold"));
    sides.forEach(function (s, n) {
      legend.append(el("li", {}, el("span", { class: "mark-line lane-" + (n + 1) }), shown(s.lane.name)));
    });
    legend.append(el("li", { class: "soft" }, el("span", { class: "mark-line dashed" }), "dashed: wrong"));
    var both = document.createDocumentFragment();
    both.append(out, legend);
    return both;
  }

  var words = { spurious: "spurious", boundary: "boundary", type: "wrong type", both: "type and boundary", missed: "missed" };

  // entities is the table of all entities: a line for each, a column for gold and for each
  // system.
  function entities(text, sides) {
    var rows = {}, order = [];
    var row = function (key, make) {
      if (!rows[key]) {
        rows[key] = make();
        rows[key].cells = sides.map(function () { return null; });
        order.push(rows[key]);
      }
      return rows[key];
    };
    var spanRow = function (s) {
      return row(s.start + " " + s.end + " " + s.type, function () { return { start: s.start, end: s.end, type: s.type }; });
    };
    (text ? text.gold : []).forEach(function (s) { spanRow(s).gold = true; });
    sides.forEach(function (s, i) {
      s.spans.forEach(function (x) { spanRow(x).cells[i] = x.class; });
      s.unaligned.forEach(function (m, n) {
        var key = m.text === undefined ? i + " " + n : m.text;
        row("not in the text " + m.type + " " + key, function () { return { start: Infinity, end: 0, type: m.type, text: m.text, loose: true }; }).cells[i] = 1;
      });
    });
    if (!order.length) return el("p", { class: "soft" }, text ? "Neither gold nor a system has an entity here." : "No entity is shown here.");
    order.sort(function (a, b) { return a.start - b.start || a.end - b.end || (a.type < b.type ? -1 : 1); });
    var points = text ? Array.from(text.text) : null;
    var head = el("tr", {}, el("th", { scope: "col" }, "Entity"), el("th", { scope: "col" }, "Type"));
    if (text) head.append(el("th", { scope: "col" }, "Gold"));
    sides.forEach(function (s) { head.append(el("th", { scope: "col" }, shown(s.lane.name))); });
    var body = el("tbody");
    order.forEach(function (r) {
      var entity = el("th", { scope: "row", class: "entity", dir: "auto" });
      if (!r.loose && points) entity.append(shown(points.slice(r.start, r.end).join("")));
      else if (!r.loose) entity.append(r.start + "–" + r.end);
      else entity.append(r.text === undefined ? "" : shown(r.text), el("span", { class: "soft" }, (r.text === undefined ? "" : " ") + "not in the text"));
      var line = el("tr", {}, entity, el("td", {}, shown(r.type)));
      if (text) line.append(el("td", {}, r.gold ? "gold" : ""));
      r.cells.forEach(function (c, i) { line.append(cell(c, r.gold, sides[i].missing)); });
      body.append(line);
    });
    return el("div", { class: "scroll" }, el("table", { class: "entities" }, el("thead", {}, head), body));
  }

  function cell(c, gold, missing) {
    if (c === 0) return el("td", { class: "right" }, "✓ right");
    if (c !== null) return el("td", { class: "wrong" }, "✗ " + words[names.classes[c - 1]]);
    if (gold && !missing) return el("td", { class: "wrong" }, "– missed");
    return el("td", {}, "");
  }

  // answersOf shows the raw answers of one system with their prompts.
  function answersOf(s, text) {
    var out = el("section", { class: "system" }, el("h2", {}, el("a", { href: document.documentElement.dataset.root + "run/" + s.lane.slug + ".html" }, shown(s.lane.name))));
    if (s.note) out.append(el("p", { class: "soft" }, s.note));
    s.answers.forEach(function (a) {
      var one = el("div", { class: "answer" });
      var failed = names.failures.indexOf(a.outcome) >= 0;
      one.append(el("p", { class: "about" }, el("b", {}, shown(a.types.length > 3 ? a.types.length + " types" : a.types.join(", "))), " ",
        el("span", { class: failed ? "outcome failed" : "outcome" }, (failed ? "✗ " : "") + a.outcome.replace(/_/g, " "))));
      var pre = el("pre", { dir: "auto", tabindex: "0" }, a.text === "" ? el("span", { class: "soft" }, "no text") : shown(a.text));
      one.append(pre);
      if (a.file) {
        pre.append(el("span", { class: "soft" }, " …"));
        var more = el("button", { type: "button" }, "Show all " + commas(a.bytes) + " bytes");
        more.addEventListener("click", function () {
          nb.load(a.file).then(function (whole) {
            pre.replaceChildren(shown(whole.text));
            if (whole.thinking) thinking.lastChild.replaceChildren(shown(whole.thinking));
            more.remove();
          }).catch(fail);
        });
        one.append(more);
      }
      var thinking = null;
      if (a.thinking) {
        thinking = el("details", {}, el("summary", {}, "Thinking"), el("pre", { dir: "auto" }, shown(a.thinking)));
        one.append(thinking);
      }
      var prompt = a.literal || (a.prompt ? s.lane.templates[a.prompt - 1].join(text ? text.text : "") : "");
      if (prompt) one.append(el("details", { class: "prompt" }, el("summary", {}, "Prompt"), el("pre", { dir: "auto" }, shown(prompt))));
      out.append(one);
    });
    return out;
  }

  // ---- controls ----

  function buttons() {
    var n = list ? list.length : dataset.passages;
    part("count").textContent = list ? commas(n) + (n === 1 ? " passage matches" : " passages match") : commas(n) + (n === 1 ? " passage" : " passages");
  }

  function option(value, label) { return el("option", { value: value }, label); }

  // controls fills the choices that depend on the dataset and the runs.
  function controls() {
    var show = page.querySelector("[name=show]");
    show.replaceChildren(option("", "all passages"), option("errors", "with an error"), option("right", "without an error"));
    show.append(el("optgroup", { label: "Class of error" }));
    names.classes.forEach(function (c) { show.lastChild.append(option(c, words[c])); });
    show.append(el("optgroup", { label: "Outcome of an answer" }, option("unreadable", "any failure")));
    names.outcomes.forEach(function (o) { show.lastChild.append(option(o, o.replace(/_/g, " "))); });
    if (lanes.length > 1) show.append(el("optgroup", { label: "Two systems" }, option("flips", "the first two differ")));
    var type = page.querySelector("[name=type]");
    type.replaceChildren(option("", "all types"));
    (dataset.types || []).forEach(function (t) { type.append(option(t, nb.visible(t))); });
    page.querySelector("[name=q]").hidden = !dataset.text;
    ["show", "type", "q"].forEach(function (n) {
      var input = page.querySelector("[name=" + n + "]");
      input.value = state[n] || "";
      if (n !== "q" && input.value !== (state[n] || "")) input.value = state[n] = "";
    });
    var systems = part("systems");
    systems.replaceChildren();
    lanes.forEach(function (lane, i) {
      var item = el("li", {}, el("span", { class: "mark-line lane-" + (i + 1) }), shown(lane.name));
      if (lanes.length > 1) {
        var remove = el("button", { type: "button", "aria-label": "Remove " + nb.visible(lane.name) }, "×");
        remove.addEventListener("click", function () { choose(lanes.filter(function (l) { return l !== lane; }).map(function (l) { return l.slug; })); });
        item.append(remove);
      }
      systems.append(item);
    });
    var others = (dataset.runs || []).filter(function (r) { return !lanes.some(function (l) { return l.slug === r.slug; }); });
    var add = page.querySelector("[name=add]");
    add.hidden = !others.length || lanes.length >= mostLanes;
    add.replaceChildren(option("", "add a system"));
    others.forEach(function (r) { add.append(option(r.slug, nb.visible(r.name) + (r.f1 === null ? "" : " (" + (100 * r.f1).toFixed(1) + ")"))); });
  }

  // choose shows other runs at the same passage.
  function choose(runs) {
    state.run = runs.join(",");
    if (runs.length < 2 && state.show === "flips") state.show = "";
    nb.setState(state);
    open().catch(fail);
  }

  // refilter takes the filters over from the controls, and goes to the nearest passage.
  function refilter() {
    ["show", "type", "q"].forEach(function (n) { state[n] = page.querySelector("[name=" + n + "]").value; });
    apply();
  }

  function apply() {
    filter().then(function () {
      if (list && list.length && !has(list, at)) {
        var p = next(1);
        at = p < 0 ? list[0] : p;
      }
      if (list && !list.length) say("No passage matches.");
      else say("");
      state.p = String(at + 1);
      nb.setState(state);
      return render();
    }).catch(fail);
  }

  // open reads the address and shows what it names.
  function open() {
    var own = ++opened;
    state = nb.state();
    var runs = (state.run || "").split(",").filter(function (r, i, all) { return slug.test(r) && all.indexOf(r) === i; }).slice(0, mostLanes);
    if (!runs.length) {
      say("The address names no run. The pages of runs and datasets link to answers.");
      return Promise.resolve();
    }
    say("");
    return Promise.all(runs.map(function (r) {
      return nb.load("data/runs/" + r + "/answers.js");
    })).then(function (loaded) {
      if (own !== opened) return null;
      var same = loaded.filter(function (l) { return l.data === loaded[0].data; });
      return nb.load(loaded[0].data).then(function (d) {
        if (own !== opened) return null;
        if (dataset !== d) texts = null;
        dataset = d;
        lanes = same;
        list = null;
        if (same.length < loaded.length) say("A run on another dataset is left out.");
        part("dataset").textContent = nb.visible(d.title);
        part("dataset").setAttribute("href", document.documentElement.dataset.root + d.page);
        document.title = nb.visible("Answers: " + d.title);
        controls();
        var p = parseInt(state.p, 10);
        if (p >= 1 && p <= d.passages) {
          at = p - 1;
          return render().then(function () { // the filters may come later than the passage
            if (state.show || state.type || state.q) return filter().then(buttons);
            return null;
          });
        }
        at = -1;
        return filter().then(function () {
          var first = next(1);
          at = first < 0 ? 0 : first;
          return render();
        });
      });
    }).then(function () { page.hidden = false; });
  }

  page.querySelector("form").addEventListener("submit", function (e) { e.preventDefault(); refilter(); });
  page.querySelector("form").addEventListener("change", function (e) {
    if (e.target.name === "add") {
      if (e.target.value) choose(lanes.map(function (l) { return l.slug; }).concat(e.target.value));
      return;
    }
    refilter();
  });
  part("previous").addEventListener("click", function () { move(-1); });
  part("next").addEventListener("click", function () { move(1); });
  part("error").addEventListener("click", function () { move(1, true); });
  window.addEventListener("hashchange", function () { open().catch(fail); });
  document.addEventListener("keydown", function (e) {
    if (e.ctrlKey || e.metaKey || e.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName)) return;
    if (e.key === "j") move(1);
    else if (e.key === "k") move(-1);
    else if (e.key === "e") move(1, true);
    else if (e.key === "E") move(-1, true);
    else return;
    e.preventDefault();
  });
  open().catch(fail);
})();
