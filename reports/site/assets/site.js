// The script of the pages. They are complete without it: it sorts, filters and pins the
// lines of tables, keeps the view in the address, and loads data files. Text from
// outside only ever becomes the text of a node.
(function () {
  "use strict";

  var root = document.documentElement;
  root.classList.add("scripted");

  // ---- data files ----

  var values = {};  // key: parsed value
  var waiting = {}; // key: [resolve, ...]

  // A data file calls nerbench(key, text).
  function nerbench(key, text) {
    values[key] = JSON.parse(text);
    (waiting[key] || []).forEach(function (resolve) { resolve(values[key]); });
    delete waiting[key];
  }
  window.nerbench = nerbench;

  // load returns a promise of the value of a data file. Its path begins at the root of
  // the site, such as "data/board.0123456789ab.js".
  nerbench.load = function (path) {
    var key = path.replace(/^data\//, "").replace(/(\.[0-9a-f]{12})?\.js$/, "");
    if (Object.prototype.hasOwnProperty.call(values, key)) return Promise.resolve(values[key]);
    return new Promise(function (resolve, reject) {
      if (waiting[key]) {
        waiting[key].push(resolve);
        return;
      }
      waiting[key] = [resolve];
      nerbench.script(path).catch(function (error) {
        delete waiting[key];
        reject(error);
      });
    });
  };

  // script loads a script of the site.
  nerbench.script = function (path) {
    return new Promise(function (resolve, reject) {
      var s = document.createElement("script");
      s.src = root.dataset.root + path;
      s.onload = resolve;
      s.onerror = function () { reject(new Error("cannot load " + path)); };
      document.head.append(s);
    });
  };

  // el makes an element: el("td", {class: "n"}, "text", child, ...).
  nerbench.el = function (name, attributes) {
    var e = document.createElement(name);
    Object.keys(attributes || {}).forEach(function (k) {
      if (attributes[k] !== null && attributes[k] !== undefined && attributes[k] !== false) e.setAttribute(k, attributes[k]);
    });
    for (var i = 2; i < arguments.length; i++) {
      if (arguments[i] !== null && arguments[i] !== undefined) e.append(arguments[i]);
    }
    return e;
  };

  // visible shows characters that have no shape, or change the direction of others, as
  // escapes, as the pages do.
  nerbench.visible = function (s) {
    return String(s).replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029]|\p{Cf}/gu, function (c) {
      var n = c.codePointAt(0), hex = n.toString(16);
      return n > 0xffff ? "\\U" + hex.padStart(8, "0") : "\\u" + hex.padStart(4, "0");
    });
  };

  // commas prints a count with groups of thousands.
  nerbench.commas = function (n) { return String(n).replace(/\B(?=(\d{3})+$)/g, ","); };

  // state is the part of the address behind #: a=1&b=2.
  nerbench.state = function () {
    var state = {};
    new URLSearchParams(location.hash.slice(1)).forEach(function (v, k) { state[k] = v; });
    return state;
  };

  // setState replaces it. Empty values are left out.
  nerbench.setState = function (state) {
    var p = new URLSearchParams();
    Object.keys(state).forEach(function (k) { if (state[k] !== "" && state[k] !== null && state[k] !== undefined) p.set(k, state[k]); });
    var text = p.toString();
    history.replaceState(null, "", text ? "#" + text : location.pathname + location.search);
  };

  var el = nerbench.el;

  // copy puts text on the clipboard; where that is refused, it selects the source.
  nerbench.copy = function (text, source) {
    var select = function () {
      if (source) getSelection().selectAllChildren(source);
    };
    if (!navigator.clipboard) return select();
    navigator.clipboard.writeText(text).catch(select);
  };

  // save offers text as a file.
  nerbench.save = function (name, type, text) {
    var a = el("a", { href: URL.createObjectURL(new Blob([text], { type: type })), download: name });
    document.body.append(a);
    a.click();
    a.remove();
    setTimeout(function () { URL.revokeObjectURL(a.href); }, 10000);
  };

  // ---- cells ----

  // number is the value of a cell for sorting; null: it has none.
  function number(cell) {
    var text = cell.dataset.v !== undefined ? cell.dataset.v : cell.firstChild ? cell.firstChild.textContent : "";
    var v = parseFloat(text.replace(/,/g, "").replace(/^</, "").replace(/^−/, "-"));
    return isFinite(v) ? v : null;
  }

  function label(th) {
    var first = th.querySelector("button") || th;
    return (first.firstChild ? first.firstChild.textContent : "").replace(/\u00a0/g, " ").trim();
  }

  // plain is the text of a cell in a saved table.
  function plain(cell) {
    if (cell.classList.contains("model")) return cell.querySelector("a").textContent;
    var first = cell.firstElementChild && cell.firstElementChild.tagName !== "SMALL" ? cell.firstElementChild : cell.firstChild;
    return first ? first.textContent.replace(/\u00a0/g, " ").trim() : "";
  }

  // ---- sorting ----

  // sortable makes a button of each heading of a table. changed(column, descending) is
  // called after a sort by the reader.
  function sortable(table, changed) {
    var heads = Array.prototype.slice.call(table.tHead.rows[0].cells);
    heads.forEach(function (th) {
      if (th.classList.contains("pin") || !th.textContent.trim()) return;
      var button = el("button", { type: "button" });
      button.append.apply(button, Array.prototype.slice.call(th.childNodes));
      th.append(button);
      button.addEventListener("click", function () {
        var was = th.getAttribute("aria-sort");
        var first = th.classList.contains("n") && !th.matches(".c-failed, .c-price, .c-tokens, .c-seconds, .rank, .low");
        var descending = was ? was === "ascending" : first;
        sort(table, th.cellIndex, descending);
        if (changed) changed(label(th), descending);
      });
    });
    return heads;
  }

  function sort(table, column, descending) {
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (th, i) {
      if (i === column) th.setAttribute("aria-sort", descending ? "descending" : "ascending");
      else th.removeAttribute("aria-sort");
    });
    var numeric = table.tHead.rows[0].cells[column].matches(".n, .rank");
    Array.prototype.forEach.call(table.tBodies, function (body) {
      var rows = Array.prototype.filter.call(body.rows, function (row) { return row.cells.length > column; });
      var keyed = rows.map(function (row, i) {
        var cell = row.cells[column], v = numeric ? number(cell) : cell.textContent.trim().toLowerCase() || null;
        return { row: row, v: v, i: i };
      });
      keyed.sort(function (a, b) {
        if (a.v === null || b.v === null) return (a.v === null) - (b.v === null) || a.i - b.i;
        var c = numeric ? a.v - b.v : a.v.localeCompare(b.v, "en");
        return (descending ? -c : c) || a.i - b.i;
      });
      var fragment = document.createDocumentFragment();
      Array.prototype.forEach.call(body.querySelectorAll("tr.part"), function (part) { fragment.append(part); });
      keyed.forEach(function (k) { fragment.append(k.row); });
      body.append(fragment);
    });
  }

  // ---- metrics ----

  // showMetric shows the numbers of a metric by its place on the board; 0 is the one
  // that ranks.
  function showMetric(table, k) {
    Array.prototype.forEach.call(table.querySelectorAll("[data-m0]"), function (cell) {
      var target = cell.querySelector("a") || cell, small = cell.querySelector("small");
      if (cell.dataset.m === undefined) {
        cell.dataset.m = target.firstChild.textContent.trim();
        cell.dataset.i = small ? small.textContent : "";
      }
      var text = k ? cell.dataset["m" + (k - 1)] : cell.dataset.m;
      var interval = k ? cell.dataset["i" + (k - 1)] : cell.dataset.i;
      target.firstChild.textContent = text + (small || interval ? " " : "");
      if (interval && !small) cell.append(el("small", {}, interval));
      else if (small) small.textContent = interval || "";
      var heat = /(^| )h\d( |$)/.test(cell.className);
      if (heat) {
        var v = parseFloat(text);
        cell.className = cell.className.replace(/(^| )h\d(?= |$)/, "$1h" + (isFinite(v) ? Math.min(9, Math.max(0, Math.floor(v / 10))) : 0));
      }
    });
  }

  // ---- saving the view ----

  function view(table) {
    var heads = Array.prototype.filter.call(table.tHead.rows[0].cells, function (th) { return !th.classList.contains("pin") && th.offsetWidth > 0; });
    var columns = heads.map(label), rows = [];
    Array.prototype.forEach.call(table.querySelectorAll("tbody tr:not(.part):not(.none):not(.off)"), function (row) {
      rows.push(heads.map(function (th) { return plain(row.cells[th.cellIndex]); }));
    });
    return { columns: columns, rows: rows, numeric: heads.map(function (th) { return th.classList.contains("n"); }) };
  }

  var writers = {
    CSV: function (v) {
      var cell = function (s) {
        if (/^[=+@\t\r-]/.test(s) && !/^-?[\d.]+$/.test(s)) s = "'" + s; // no formulas in spreadsheets
        return /[",\n\r]/.test(s) ? '"' + s.replace(/"/g, '""') + '"' : s;
      };
      return ["view.csv", "text/csv", [v.columns].concat(v.rows).map(function (r) { return r.map(cell).join(",") + "\r\n"; }).join("")];
    },
    JSON: function (v) {
      var list = v.rows.map(function (r) {
        var o = {};
        v.columns.forEach(function (c, i) {
          o[c] = v.numeric[i] ? (/^-?[\d,]*\.?\d+$/.test(r[i]) ? parseFloat(r[i].replace(/,/g, "")) : null) : r[i];
        });
        return o;
      });
      return ["view.json", "application/json", JSON.stringify(list, null, 1) + "\n"];
    },
    LaTeX: function (v) {
      var tex = function (s) {
        return s.replace(/[\\{}$&#_%~^]/g, function (c) {
          return { "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}" }[c] || "\\" + c;
        }).replace(/–/g, "--").replace(/</g, "$<$");
      };
      var line = function (r) { return r.map(tex).join(" & ") + " \\\\\n"; };
      return ["view.tex", "text/x-tex", "% needs \\usepackage{booktabs}\n\\begin{tabular}{" + v.numeric.map(function (n) { return n ? "r" : "l"; }).join("") +
        "}\n\\toprule\n" + line(v.columns) + "\\midrule\n" + v.rows.map(line).join("") + "\\bottomrule\n\\end{tabular}\n"];
    }
  };

  // ---- a ranking ----

  var sizes = { "0-4": [0, 4], "4-10": [4, 10], "10-40": [10, 40], "40-": [40, Infinity] };

  function ranking(table, tools) {
    var pins = [], ready = false;
    var rows = Array.prototype.slice.call(table.querySelectorAll("tbody tr[data-slug]"));
    var texts = rows.map(function (row) { return row.querySelector(".model").textContent.toLowerCase(); });
    var f = tools.elements, selects = Array.prototype.slice.call(tools.querySelectorAll("select[data-filter]"));
    var boxes = Array.prototype.slice.call(tools.querySelectorAll("input[name=col]"));
    var shownAtFirst = boxes.map(function (b) { return b.checked; });
    var bar = document.getElementById("pins");

    // The column of pins.
    if (bar) {
      table.tHead.rows[0].prepend(el("th", { "class": "pin", scope: "col" }, el("span", { "class": "sr" }, "Pin")));
      rows.forEach(function (row) {
        var name = row.querySelector(".model a").textContent;
        var box = el("input", { type: "checkbox", "aria-label": "Pin " + name, autocomplete: "off" });
        row.prepend(el("td", { "class": "pin" }, box));
        box.addEventListener("change", function () { pin(row.dataset.slug, box.checked); });
      });
      Array.prototype.forEach.call(table.querySelectorAll("tr.part > *, tr.none > *"), function (c) { c.colSpan++; });
    }
    var heads = sortable(table, function (name, descending) { sorted = (descending ? "-" : "") + name; keep(); });
    var sorted = "";

    function rowOf(slug) { return rows.filter(function (r) { return r.dataset.slug === slug; })[0]; }

    function pin(slug, on) {
      pins = pins.filter(function (p) { return p !== slug; });
      if (on && rowOf(slug)) {
        if (pins.length === 4) pins.shift();
        pins.push(slug);
      }
      showPins();
      keep();
    }

    function showPins() {
      rows.forEach(function (row) {
        var on = pins.indexOf(row.dataset.slug) >= 0;
        row.classList.toggle("pinned", on);
        row.querySelector(".pin input").checked = on;
      });
      bar.hidden = pins.length === 0;
      if (!pins.length) return;
      var names = pins.map(function (p) { return rowOf(p).querySelector(".model a").textContent; });
      var clear = el("button", { type: "button" }, "Clear");
      clear.addEventListener("click", function () { pins = []; showPins(); keep(); });
      var parts = [el("span", {}, "Pinned: " + names.join(" · "))];
      // A comparison is of two models: a link for each pair.
      pins.forEach(function (a, i) {
        pins.slice(i + 1).forEach(function (b, k) {
          if (!root.dataset.compare) return;
          var text = pins.length === 2 ? "Compare" : "Compare " + names[i] + " and " + names[i + 1 + k];
          parts.push(el("a", { href: root.dataset.root + root.dataset.compare + "#" + new URLSearchParams({ a: a, b: b }) }, text));
        });
      });
      bar.replaceChildren.apply(bar, parts.concat(clear));
    }

    function matches(row, i) {
      if (pins.indexOf(row.dataset.slug) >= 0) return true;
      var q = f.q.value.trim().toLowerCase();
      if (q && !q.split(/\s+/).every(function (word) { return texts[i].indexOf(word) >= 0; })) return false;
      if (domain() >= 0 && number(domainCell(row)) === null) return false;
      return selects.every(function (s) {
        if (!s.value) return true;
        var want = s.value.slice(1), has = row.dataset[s.name];
        if (s.name === "size") return has !== "" && +has >= sizes[want][0] && +has < sizes[want][1];
        return has === want;
      });
    }

    function domain() { return f.domain && f.domain.value !== "" ? +f.domain.value : -1; }

    function domainCell(row) { return row.querySelectorAll(".c-domain")[domain()]; }

    function apply() {
      var n = 0;
      rows.forEach(function (row, i) {
        var on = matches(row, i);
        row.classList.toggle("off", !on);
        n += on;
      });
      Array.prototype.forEach.call(table.tBodies, function (body) {
        var models = body.querySelectorAll("tr[data-slug]");
        body.classList.toggle("off", models.length > 0 && !body.querySelector("tr[data-slug]:not(.off)"));
      });
      boxes.forEach(function (b) { table.classList.toggle("no-" + b.value, !b.checked); });
      var d = domain();
      Array.prototype.forEach.call(table.rows, function (row) {
        Array.prototype.forEach.call(row.querySelectorAll(".c-domain"), function (c, i) { c.classList.toggle("other-domain", d >= 0 && i !== d); });
      });
      var used = selects.filter(function (s) { return s.value; }).length;
      var count = document.getElementById("filters");
      if (count) count.textContent = used ? " (" + used + ")" : "";
      var text = (n === rows.length ? "" : n + " of ") + rows.length + (rows.length === 1 ? " model" : " models");
      if (f.metric && f.metric.selectedIndex > 0) text += "; ranks by " + f.metric.options[0].text;
      document.getElementById("shown").textContent = text;
      keep();
      document.dispatchEvent(new CustomEvent("view"));
    }

    function keep() {
      if (!ready) return;
      var state = { q: f.q.value.trim(), sort: sorted, pins: pins.join(",") };
      if (f.domain) state.domain = f.domain.value;
      if (f.metric) state.metric = f.metric.value;
      selects.forEach(function (s) { state[s.name] = s.value; });
      if (boxes.some(function (b, i) { return b.checked !== shownAtFirst[i]; })) {
        state.cols = boxes.filter(function (b) { return b.checked; }).map(function (b) { return b.value.slice(2); }).join(",") || "none";
      }
      nerbench.setState(state);
    }

    function sortBy(name) {
      var descending = name[0] === "-", th = heads.filter(function (h) { return label(h) === name.replace(/^-/, ""); })[0];
      if (!th) return;
      sort(table, th.cellIndex, descending);
      sorted = name;
    }

    function choose(select, value) {
      if (select && Array.prototype.some.call(select.options, function (o) { return o.value === value; })) select.value = value;
    }

    function restore() {
      ready = false;
      var state = nerbench.state();
      f.q.value = state.q || "";
      choose(f.domain, state.domain || "");
      choose(f.metric, state.metric || "");
      selects.forEach(function (s) { choose(s, state[s.name] || ""); });
      var cols = state.cols ? state.cols.split(",") : null;
      boxes.forEach(function (b, i) { b.checked = cols ? cols.indexOf(b.value.slice(2)) >= 0 : shownAtFirst[i]; });
      pins = (state.pins || "").split(",").filter(rowOf).slice(0, 4);
      if (bar) showPins();
      if (f.metric) showMetric(table, f.metric.selectedIndex);
      sortBy(state.sort || "Rank");
      if (!state.sort) sorted = "";
      apply();
      ready = true;
    }

    f.q.addEventListener("input", apply);
    tools.addEventListener("change", function (e) {
      if (e.target.name === "metric") {
        showMetric(table, f.metric.selectedIndex);
        if (sorted) sortBy(sorted);
      }
      if (e.target.name === "domain") {
        if (domain() >= 0) sortBy("-" + label(table.tHead.rows[0].querySelectorAll(".c-domain")[domain()]));
        else { sortBy("Rank"); sorted = ""; }
      }
      apply();
    });
    tools.addEventListener("reset", function () { setTimeout(apply, 0); });
    tools.addEventListener("submit", function (e) { e.preventDefault(); });
    window.addEventListener("hashchange", restore);
    restore();
  }

  // ---- charts ----

  // color is the value of a variable of the style. Names such as CanvasText, which stand
  // for forced colours, become values that charts can read.
  function color(name) {
    var probe = el("span");
    probe.style.color = "var(" + name + ")";
    probe.style.forcedColorAdjust = "none";
    document.body.append(probe);
    var value = getComputedStyle(probe).color;
    probe.remove();
    return value;
  }

  // points are the models in view with both values.
  function points(table, classes) {
    for (var i = 0; i < classes.length; i++) {
      var list = [];
      Array.prototype.forEach.call(table.querySelectorAll("tbody tr[data-slug]:not(.off)"), function (row) {
        var cell = row.querySelector("." + classes[i]), y = number(row.querySelector(".mean"));
        var x = classes[i] === "c-released" ? date(cell.textContent) : number(cell);
        if (x !== null && y !== null) list.push({ name: row.querySelector(".model a").textContent, value: [x, y], shown: cell.textContent });
      });
      if (list.length > 1) return { points: list, title: label(table.querySelector("th." + classes[i])) };
    }
    return null;
  }

  function date(text) {
    var m = /^(\d{4})(?:-(\d\d))?(?:-(\d\d))?/.exec(text.trim());
    return m ? Date.UTC(+m[1], (+m[2] || 1) - 1, +m[3] || 1) : null;
  }

  // front lists the points that no other one beats: nothing has more for less.
  function front(list) {
    var best = -Infinity;
    return list.slice().sort(function (a, b) { return a.value[0] - b.value[0] || b.value[1] - a.value[1]; }).filter(function (p) {
      if (p.value[1] <= best) return false;
      best = p.value[1];
      return true;
    });
  }

  function chartOptions(kind, data) {
    var ink = color("--ink"), soft = color("--soft"), line = color("--line"), accent = color("--accent");
    var font = getComputedStyle(document.body).fontFamily, time = kind === "date";
    var axis = { axisLine: { lineStyle: { color: soft } }, axisLabel: { color: soft, fontFamily: font }, splitLine: { lineStyle: { color: line } },
      nameTextStyle: { color: soft, fontFamily: font }, scale: true };
    var best = front(data.points), onFront = function (p) { return best.some(function (b) { return b.name === p.name; }); };
    var series = [{
      type: "scatter", data: data.points, symbolSize: 9, itemStyle: { color: accent, opacity: 0.85 },
      labelLayout: { hideOverlap: true },
      label: { show: true, position: "top", color: ink, textBorderColor: color("--paper"), textBorderWidth: 3, fontFamily: font, fontSize: 11, formatter: function (p) { return onFront(p.data) ? p.data.name : ""; } }
    }];
    if (!time) series.push({ type: "line", step: "end", symbol: "none", silent: true, data: best.map(function (p) { return p.value; }), lineStyle: { color: soft, width: 1.5 } });
    return {
      animation: false,
      grid: { left: 44, right: 40, top: 34, bottom: 44 },
      tooltip: { renderMode: "richText", confine: true, backgroundColor: color("--paper"), borderColor: soft, textStyle: { color: ink, fontFamily: font, fontSize: 12 },
        formatter: function (p) { return p.data.name + "\nF1 " + p.data.value[1].toFixed(1) + " %\n" + data.title + " " + p.data.shown; } },
      xAxis: Object.assign({}, axis, { type: time ? "time" : "log", name: time ? data.title : data.title + " for 1,000 passages", nameLocation: "middle", nameGap: 28 }),
      yAxis: Object.assign({}, axis, { type: "value", name: "F1 %" }),
      series: series
    };
  }

  function charts(table) {
    var drawn = [];
    Array.prototype.forEach.call(document.querySelectorAll(".chart[data-x]"), function (box) {
      var data = points(table, box.dataset.x.split(" "));
      if (!data) {
        box.closest("figure").hidden = true;
        return;
      }
      var kind = box.id.replace("chart-", "");
      box.setAttribute("role", "img");
      box.setAttribute("aria-label", "Chart: mean F1 against " + data.title.toLowerCase() + ". The table above has the numbers.");
      new IntersectionObserver(function (entries, observer) {
        if (!entries.some(function (e) { return e.isIntersecting; })) return;
        observer.disconnect();
        library().then(function () {
          var chart = window.echarts.init(box, null, { renderer: "canvas" });
          var draw = function () {
            var now = points(table, box.dataset.x.split(" "));
            if (now) chart.setOption(chartOptions(kind, now), true);
          };
          draw();
          drawn.push(draw);
          new ResizeObserver(function () { chart.resize(); }).observe(box);
        }).catch(function (error) {
          box.classList.remove("chart");
          box.removeAttribute("role");
          box.removeAttribute("aria-label");
          box.textContent = "No chart: " + error.message + ". The table above has the numbers.";
        });
      }, { rootMargin: "200px" }).observe(box);
    });
    var again = function () { drawn.forEach(function (draw) { draw(); }); };
    document.addEventListener("view", again);
    ["(prefers-color-scheme: dark)", "(forced-colors: active)"].forEach(function (q) { matchMedia(q).addEventListener("change", again); });
  }

  var loading = null;
  function library() {
    loading = loading || nerbench.script(root.dataset.charts);
    return loading;
  }

  // ---- start ----

  var table = document.getElementById("board"), tools = document.getElementById("tools");
  if (table && tools && tools.elements.q) ranking(table, tools);
  Array.prototype.forEach.call(document.querySelectorAll("table.sortable"), function (t) { sortable(t); });
  if (table && document.querySelector(".chart[data-x]")) charts(table);

  // The choice of a metric on other pages.
  if (tools && tools.elements.metric && !tools.elements.q) {
    var metric = tools.elements.metric;
    var show = function () {
      Array.prototype.forEach.call(document.querySelectorAll("table"), function (t) { showMetric(t, metric.selectedIndex); });
    };
    var want = nerbench.state().metric;
    if (want) metric.value = want;
    if (metric.selectedIndex < 0) metric.selectedIndex = 0;
    metric.addEventListener("change", function () { show(); nerbench.setState({ metric: metric.value }); });
    show();
  }

  document.addEventListener("click", function (e) {
    var button = e.target.closest("[data-save]");
    if (button && table) nerbench.save.apply(null, writers[button.dataset.save](view(table)));
    Array.prototype.forEach.call(document.querySelectorAll(".menu[open]"), function (m) {
      if (!m.contains(e.target) || button) m.open = false;
    });
  });
  document.addEventListener("keydown", function (e) {
    if (e.key === "Escape") {
      Array.prototype.forEach.call(document.querySelectorAll(".menu[open]"), function (m) {
        m.open = false;
        m.querySelector("summary").focus();
      });
    }
    if (searches(e)) e.preventDefault(); // no search of the browser
  });
  // The key / leads to the search field.
  document.addEventListener("keyup", function (e) {
    if (searches(e)) tools.elements.q.focus();
  });
  function searches(e) {
    var typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
    return e.key === "/" && !e.ctrlKey && !e.altKey && !e.metaKey && !typing && tools && tools.elements.q;
  }
  Array.prototype.forEach.call(document.querySelectorAll("[data-copy]"), function (source) {
    var button = el("button", { type: "button", "class": "copy" }, "Copy");
    source.after(" ", button);
    button.addEventListener("click", function () { nerbench.copy(source.textContent, source); });
  });
})();
