/* What the desk's pages share in the browser: time in words, the theme, short notices, the address bar. */
window.tingsuDesk = {
  /** Milliseconds as the two largest units, in the viewer's words. */
  duration(milliseconds, words) {
    const seconds = Math.max(0, Math.floor(milliseconds / 1000));
    const parts = [
      [Math.floor(seconds / 86400), words.days],
      [Math.floor(seconds / 3600) % 24, words.hours],
      [Math.floor(seconds / 60) % 60, words.minutes],
      [seconds % 60, words.seconds],
    ];
    const first = parts.findIndex(([count]) => count > 0);
    if (first === -1) return `0 ${words.seconds}`;
    return parts
      .slice(first, first + 2)
      .filter(([count], place) => place === 0 || count > 0)
      .map(([count, unit]) => `${count} ${unit}`)
      .join(" ");
  },

  /** A moment in the bank's time zone; the date is left out today. */
  moment(milliseconds, locale) {
    const zone = { timeZone: "Asia/Shanghai" };
    const day = (value) => new Date(value).toLocaleDateString(locale, zone);
    const time = { hour: "2-digit", minute: "2-digit", hour12: false, ...zone };
    const date = { month: "short", day: "numeric" };
    const isToday = day(milliseconds) === day(Date.now());
    return new Date(milliseconds).toLocaleString(locale, isToday ? time : { ...date, ...time });
  },

  fill(text, values) {
    return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
  },

  switchTheme() {
    const root = document.documentElement;
    const systemIsDark = matchMedia("(prefers-color-scheme: dark)").matches;
    const isDark = root.dataset.theme ? root.dataset.theme === "dark" : systemIsDark;
    root.dataset.theme = isDark ? "light" : "dark";
    localStorage.setItem("tingsu-theme", root.dataset.theme);
  },

  tell(text) {
    document.querySelector(".notice")?.remove();
    const notice = document.createElement("div");
    notice.className = "notice";
    notice.setAttribute("role", "status");
    notice.textContent = text;
    document.body.append(notice);
    setTimeout(() => notice.remove(), 6000);
  },

  at(address) {
    if (location.pathname !== address) history.pushState({}, "", address);
  },

  /** Two soft tones, once for all that rings at the same time. Browsers stay silent until the page was touched once. */
  ring() {
    if (Date.now() - (this.rangAt ?? 0) < 3000) return;
    this.rangAt = Date.now();
    try {
      const context = (this.sound ??= new AudioContext());
      if (context.state !== "running") return;
      [0, 0.22].forEach((delay, index) => {
        const tone = context.createOscillator();
        const volume = context.createGain();
        tone.frequency.value = index ? 660 : 880;
        volume.gain.setValueAtTime(0.0001, context.currentTime + delay);
        volume.gain.exponentialRampToValueAtTime(0.15, context.currentTime + delay + 0.03);
        volume.gain.exponentialRampToValueAtTime(0.0001, context.currentTime + delay + 0.2);
        tone.connect(volume).connect(context.destination);
        tone.start(context.currentTime + delay);
        tone.stop(context.currentTime + delay + 0.22);
      });
    } catch {
      /* no sound here: the row flashes all the same */
    }
  },
};

// Whoever signs in next on this computer finds no drafts of the one before.
if (location.pathname === "/sign-in") sessionStorage.clear();
addEventListener("popstate", () => location.reload());
addEventListener("pointerdown", () => window.tingsuDesk.sound?.resume(), { passive: true });
