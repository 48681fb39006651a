// Puts a chat button on any page of the bank:
//   <script src="https://chat.bank.example/embed.js" data-language="zh" defer></script>
// Optional: data-language ("zh" or "en"), data-label (the button's words), data-side ("right" or "left").
(function () {
  "use strict";
  var script = document.currentScript;
  if (!script || window.tingsuChat) return;
  window.tingsuChat = true;

  var origin = new URL(script.src).origin;
  var language = (script.dataset.language || document.documentElement.lang || "zh").toLowerCase().indexOf("en") === 0 ? "en" : "zh";
  var words = {
    zh: { open: "投诉与建议", close: "收起对话", frame: "投诉与建议对话", unread: "有新消息" },
    en: { open: "Complaints", close: "Close the chat", frame: "Complaints and feedback chat", unread: "new message" },
  }[language];
  var side = script.dataset.side === "left" ? "left" : "right";
  var label = script.dataset.label || words.open;
  var REMEMBERED = "tingsu.open";

  var css =
    ":host{all:initial}" +
    "*{box-sizing:border-box}" +
    ".button{position:fixed;" + side + ":max(20px,env(safe-area-inset-" + side + "));bottom:max(20px,env(safe-area-inset-bottom));z-index:2147483000;" +
    "display:flex;align-items:center;gap:10px;min-height:56px;padding:0 22px 0 18px;border:0;border-radius:28px;background:#17614f;color:#fff;" +
    "font:600 17px/1.2 system-ui,-apple-system,'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif;cursor:pointer;box-shadow:0 6px 22px rgba(10,40,32,.28)}" +
    ".button:hover{background:#124d3f}" +
    ".button:focus-visible{outline:3px solid #fff;outline-offset:-6px}" +
    ".button svg{width:24px;height:24px;fill:none;stroke:currentColor;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}" +
    ".dot{width:11px;height:11px;border-radius:50%;background:#ffb74a}" +
    "iframe{position:fixed;" + side + ":20px;bottom:20px;z-index:2147483001;width:410px;height:min(690px,calc(100vh - 40px));border:0;border-radius:20px;" +
    "background:#f4f3ee;box-shadow:0 14px 48px rgba(10,30,24,.32);color-scheme:normal}" +
    "@media (max-width:480px){iframe{left:0;right:0;top:0;bottom:0;width:100%;height:100%;border-radius:0}}" +
    "[hidden]{display:none!important}";

  function recall() { try { return sessionStorage.getItem(REMEMBERED) === "yes"; } catch (error) { return false; } }
  function remember(isOpen) { try { sessionStorage.setItem(REMEMBERED, isOpen ? "yes" : "no"); } catch (error) { /* blocked */ } }

  function mount() {
    var host = document.createElement("div");
    var root = host.attachShadow({ mode: "open" });
    // A constructed sheet is allowed under a host page's strict CSP, a <style> element is not.
    try {
      var sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
      root.adoptedStyleSheets = [sheet];
    } catch (error) {
      var style = document.createElement("style");
      style.textContent = css;
      root.append(style);
    }

    var button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.lang = language === "zh" ? "zh-CN" : "en";
    button.setAttribute("aria-haspopup", "dialog");
    button.setAttribute("aria-expanded", "false");
    button.innerHTML = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M5 4.500h14a1.500 1.500 0 0 1 1.500 1.500v9a1.500 1.500 0 0 1-1.500 1.500h-6.500L8 20v-3.500H5A1.500 1.500 0 0 1 3.500 15V6A1.500 1.500 0 0 1 5 4.500zM8 9h8M8 12.500h5"/></svg>';
    var text = document.createElement("span");
    text.textContent = label;
    var dot = document.createElement("span");
    dot.className = "dot";
    dot.hidden = true;
    dot.setAttribute("role", "img");
    dot.setAttribute("aria-label", words.unread);
    button.append(text, dot);
    root.append(button);
    document.body.append(host);

    var frame = null;

    function open(withFocus) {
      if (!frame) {
        frame = document.createElement("iframe");
        frame.title = words.frame;
        frame.src = origin + "/chat?embed=1&language=" + language;
        if (withFocus) frame.addEventListener("load", focusChat, { once: true });
        root.append(frame);
      } else if (withFocus) {
        frame.hidden = false;
        focusChat();
      }
      frame.hidden = false;
      button.hidden = true;
      button.setAttribute("aria-expanded", "true");
      dot.hidden = true;
      remember(true);
    }

    function focusChat() {
      frame.focus();
      frame.contentWindow.postMessage({ tingsu: "opened" }, origin);
    }

    function close() {
      frame.hidden = true;
      button.hidden = false;
      button.setAttribute("aria-expanded", "false");
      remember(false);
      button.focus();
    }

    button.addEventListener("click", function () { open(true); });
    window.addEventListener("keydown", function (event) { if (event.key === "Escape" && frame && !frame.hidden) close(); });
    window.addEventListener("message", function (event) {
      if (!frame || event.source !== frame.contentWindow || event.origin !== origin || !event.data) return;
      if (event.data.tingsu === "close") close();
      if (event.data.tingsu === "message" && frame.hidden) dot.hidden = false;
    });
    if (recall()) open(false);
  }

  if (document.body) mount();
  else document.addEventListener("DOMContentLoaded", mount);
})();
