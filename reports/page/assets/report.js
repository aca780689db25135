// Draws the charts of the report from the data in the page. All colours are
// variables of the style sheet, so that charts follow light, dark and print.
(function () {
  "use strict";

  var root = document.documentElement;
  root.classList.add("scripted"); // shows the charts
  var list = JSON.parse(document.getElementById("chart-data").textContent);
  var drawn = list.map(function (chart) {
    var element = document.getElementById("chart-" + chart.id);
    return { options: chart.options, element: element, height: element ? element.clientHeight : 0, view: null };
  }).filter(function (chart) { return chart.element; });
  var metric = "";

  function color(name) {
    return getComputedStyle(root).getPropertyValue(name).trim();
  }

  // Replaces "var(--x)" in members for colours, and only there: a model may have
  // any name.
  function resolve(value, key) {
    if (typeof value === "string" && /color$/i.test(key)) {
      var variable = /^var\((--[a-z0-9_-]+)\)$/.exec(value);
      return variable ? color(variable[1]) : value;
    }
    if (Array.isArray(value)) {
      return value.map(function (v) { return resolve(v, ""); });
    }
    if (value && typeof value === "object") {
      var copy = {};
      Object.keys(value).forEach(function (k) { copy[k] = resolve(value[k], k); });
      return copy;
    }
    return value;
  }

  function oneDecimal(value) {
    return typeof value === "number" ? value.toFixed(1) : "–";
  }

  function last(value) {
    return Array.isArray(value) ? value[0] : value;
  }

  // Adds colours, fonts and sizes to the options of a chart.
  function dress(option, width) {
    option = resolve(option, "");
    var ink = color("--ink"), soft = color("--soft"), line = color("--line"), paper = color("--paper");
    var font = getComputedStyle(document.body).fontFamily;
    option.animation = false;
    option.textStyle = { fontFamily: font, color: ink };
    // Rich text is drawn and not parsed: names cannot become markup.
    option.tooltip = {
      trigger: option.radar ? "item" : "axis", renderMode: "richText", confine: true,
      axisPointer: { type: "shadow", shadowStyle: { color: line, opacity: 0.35 } },
      backgroundColor: paper, borderColor: line, textStyle: { color: ink, fontSize: 12, fontFamily: font },
      valueFormatter: function (v) { return oneDecimal(last(v)) + " %"; }
    };
    option.legend = {
      type: "scroll", top: 0, left: 0, itemWidth: 14, itemHeight: 10, itemGap: 18,
      textStyle: { color: ink, fontSize: 12 }, pageTextStyle: { color: soft }, pageIconColor: ink, pageIconInactiveColor: line
    };
    option.series.forEach(function (series, i) { dressSeries(series, i, ink); });
    if (option.radar) {
      dressRadar(option.radar, width, soft, line);
    } else {
      dressAxes(option, width, ink, soft, line);
    }
    return option;
  }

  function dressSeries(series, i, ink) {
    series.emphasis = { focus: "series" };
    if (series.type === "bar") {
      series.barMaxWidth = series.stack ? 22 : 14;
      series.barGap = "15%";
    }
    if (series.label) {
      series.label.color = ink;
      series.label.fontSize = 11;
      series.label.formatter = function (p) { return oneDecimal(last(p.value)); };
    }
    if (series.type === "scatter") {
      series.itemStyle.opacity = 0.9;
    }
    if (series.type === "radar") {
      series.lineStyle = { width: 2, color: series.itemStyle.color, type: i < 3 ? "solid" : "dashed" };
      series.areaStyle = { color: series.itemStyle.color, opacity: 0.08 };
      series.symbolSize = 5;
    }
  }

  function dressRadar(radar, width, soft, line) {
    var one = Array.isArray(radar) ? radar[0] : radar;
    one.center = ["50%", "54%"];
    one.radius = width < 480 ? "56%" : "68%";
    one.axisName = { color: soft, fontSize: 12, width: Math.round(width * 0.24), overflow: "truncate" };
    one.splitLine = { lineStyle: { color: line } };
    one.axisLine = { lineStyle: { color: line } };
    one.splitArea = { show: false };
  }

  function dressAxes(option, width, ink, soft, line) {
    var labels = Math.round(Math.min(220, width * 0.34));
    option.grid = { top: 38, bottom: 42, left: labels + 12, right: 44 };
    option.xAxis.forEach(function (axis) {
      axis.name = "%";
      axis.nameTextStyle = { color: soft };
      axis.axisLabel = { color: soft, fontSize: 11 };
      axis.splitLine = { lineStyle: { color: line } };
    });
    option.yAxis.forEach(function (axis) {
      axis.axisLabel = { color: ink, fontSize: 12, interval: 0, width: labels, overflow: "truncate" };
      axis.axisTick = { show: false };
      axis.axisLine = { lineStyle: { color: line } };
      axis.splitLine = { show: option.series[0].type === "scatter", lineStyle: { color: line, type: "dotted" } };
    });
  }

  function draw() {
    drawn.forEach(function (chart) {
      var option = chart.options[metric] || chart.options[""];
      if (option.radar) { // a circle is as high as it is wide
        chart.element.style.height = Math.min(chart.height, chart.element.clientWidth + 60) + "px";
      }
      if (!chart.view) {
        chart.view = echarts.init(chart.element, null, { renderer: "svg" });
      }
      chart.view.resize();
      chart.view.setOption(dress(option, chart.element.clientWidth), { notMerge: true });
    });
  }

  // The switch between the two headline metrics.
  function choose(id) {
    metric = id;
    document.querySelectorAll("[data-metric]").forEach(function (element) {
      element.hidden = element.getAttribute("data-metric") !== id;
    });
    document.querySelectorAll("input[data-choose]").forEach(function (input) {
      input.checked = input.value === id;
    });
    draw();
  }

  document.querySelectorAll("input[data-choose]").forEach(function (input) {
    input.addEventListener("change", function () { choose(input.value); });
  });
  var first = document.querySelector("input[data-choose]");
  choose(first ? first.value : "");

  var pending = 0;
  window.addEventListener("resize", function () {
    cancelAnimationFrame(pending);
    pending = requestAnimationFrame(draw);
  });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  window.addEventListener("beforeprint", function () { root.classList.add("print"); draw(); });
  window.addEventListener("afterprint", function () { root.classList.remove("print"); draw(); });
})();
