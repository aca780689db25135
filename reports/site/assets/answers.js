// What the pages of answers share: text from outside, and the indexes of runs.
(function () {
  "use strict";

  var nb = window.nerbench, el = nb.el;

  // The bits of the last byte of a passage in an index, above those of the classes.
  nb.bits = { unreadable: 1 << 5, answers: 1 << 6, complete: 1 << 7 };

  // shown returns text as nodes. Characters without a shape of their own, and those that
  // change the direction of others, are escapes. Joiners stay: they belong to emoji.
  nb.shown = function (text) {
    var out = document.createDocumentFragment();
    var hidden = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;
    var from = 0, m;
    while ((m = hidden.exec(text))) {
      out.append(text.slice(from, m.index), el("span", { class: "escape" }, nb.visible(m[0])));
      from = m.index + m[0].length;
    }
    out.append(text.slice(from));
    return out;
  };

  function bytes(base64) {
    var text = atob(base64 || ""), out = new Uint8Array(text.length);
    for (var i = 0; i < text.length; i++) out[i] = text.charCodeAt(i);
    return out;
  }

  // readIndex decodes an index, for the pages that use it.
  nb.readIndex = function (f) {
    var x = { passages: bytes(f.passages), types: {}, errors: new DataView(bytes(f.errors).buffer), starts: [] };
    Object.keys(f.types || {}).forEach(function (t) { x.types[t] = bytes(f.types[t]); });
    for (var p = 0, at = 0; p < x.passages.length / 8; p++) {
      x.starts.push(at);
      if (number(x, p, 1) || number(x, p, 2)) at += 4 + 4 * (x.errors.getUint16(at, true) + x.errors.getUint16(at + 2, true));
    }
    return x;
  };

  // number is a count of passage p: 0 true positives, 1 false positives, 2 false negatives.
  function number(x, p, which) { return x.passages[8 * p + 2 * which] | x.passages[8 * p + 2 * which + 1] << 8; }

  // wrong reports whether passage p has an error or an answer that counts as failed.
  nb.wrong = function (x, p) { return number(x, p, 1) > 0 || number(x, p, 2) > 0 || (x.passages[8 * p + 7] & nb.bits.unreadable) > 0; };

  // errorsOf lists the keys of the missed gold entities and of the wrong predictions.
  function errorsOf(x, p) {
    var out = { missed: [], spurious: [] };
    if (!number(x, p, 1) && !number(x, p, 2)) return out;
    var at = x.starts[p], missed = x.errors.getUint16(at, true), spurious = x.errors.getUint16(at + 2, true);
    for (var i = 0; i < missed + spurious; i++) (i < missed ? out.missed : out.spurious).push(x.errors.getUint32(at + 4 + 4 * i, true));
    return out;
  }

  // flips counts the entities of passage p on which two systems differ; null: one of them
  // has not completed it.
  nb.flips = function (a, b, p) {
    if (!(a.passages[8 * p + 7] & b.passages[8 * p + 7] & nb.bits.complete)) return null;
    var x = errorsOf(a, p), y = errorsOf(b, p);
    var without = function (own, other) { return own.filter(function (k) { return other.indexOf(k) < 0; }).length; };
    return {
      onlyA: without(y.missed, x.missed), onlyB: without(x.missed, y.missed),
      spuriousA: without(x.spurious, y.spurious), spuriousB: without(y.spurious, x.spurious)
    };
  };
})();
