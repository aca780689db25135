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
})();
