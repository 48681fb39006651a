/* The queue: filters with counts, search, pages of rows, waiting times that tick, one alarm for each urgent case. */
const RUNG = "tingsu-rung";
const FILTERS = ["waiting", "mine", "followed", "snoozed", "unit", "unassigned", "breaching", "open"];
const SEARCH_AFTER = 250;
const KEYS = ["move", "open", "select", "search", "palette", "help"];
const PAGES = [["queue", "/"], ["password", "/password"]];

export default {
  template: `
    <section class="queue" :aria-label="words.queue">
      <nav class="tabs" role="tablist">
        <button v-for="filter in filters" :key="filter" type="button" role="tab" :data-filter="filter"
                :aria-selected="view.chosen === filter" :class="{ chosen: view.chosen === filter }"
                @click="look({ chosen: filter })">
          {{ words['filter_' + filter] }}<span class="count">{{ counts[filter] || 0 }}</span>
        </button>
      </nav>
      <div class="queue-tools">
        <input ref="search" v-model="text" type="search" maxlength="60" :placeholder="words.search" :aria-label="words.search"
               @input="searchSoon" @keydown.enter.prevent="search" @keydown.esc="leaveSearch">
        <select :value="view.tier || ''" :aria-label="words.tier_column" @change="look({ tier: $event.target.value || null })">
          <option value="">{{ words.all_tiers }}</option>
          <option v-for="tier in tiers" :key="tier.value" :value="tier.value">{{ tier.name }}</option>
        </select>
        <select :value="view.product || ''" :aria-label="words.product_column" @change="look({ product: $event.target.value || null })">
          <option value="">{{ words.all_products }}</option>
          <option v-for="product in products" :key="product.value" :value="product.value">{{ product.name }}</option>
        </select>
        <select v-if="tags.length" :value="view.tag || ''" :aria-label="words.tag" @change="look({ tag: $event.target.value || null })">
          <option value="">{{ words.all_tags }}</option>
          <option v-for="tag in tags" :key="tag.value" :value="tag.value">{{ tag.name }}</option>
        </select>
        <select :value="view.order" :aria-label="words.order" @change="look({ order: $event.target.value })">
          <option value="waiting">{{ words.order_waiting }}</option>
          <option value="deadline">{{ words.order_deadline }}</option>
        </select>
        <button type="button" class="quiet icon" :title="words.keys" :aria-label="words.keys" @click="help = !help">?</button>
      </div>
      <div v-if="views.length || naming || isNarrowed" class="views">
        <span v-for="what in ['unit', 'handler'].filter((what) => view[what])" :key="what" class="view narrowed">
          <span>{{ words[what] }}：{{ view[what] }}</span>
          <button type="button" :aria-label="fill(words.remove_view, { name: view[what] })" @click="look({ [what]: null })">×</button>
        </span>
        <span v-for="saved in views" :key="saved.id" class="view">
          <button type="button" @click="$emit('useView', saved.id)">{{ saved.name }}</button>
          <button type="button" :aria-label="fill(words.remove_view, saved)" @click="$emit('removeView', saved.id)">×</button>
        </span>
        <input v-if="naming" ref="name" v-model="name" maxlength="30" :placeholder="words.view_name" :aria-label="words.view_name"
               @keydown.enter.prevent="saveView" @keydown.esc="naming = false">
        <button v-else-if="isNarrowed" type="button" class="quiet" @click="nameView">＋ {{ words.save_view }}</button>
      </div>
      <div v-if="picked.length" class="bulk">
        <span>{{ fill(words.selected, { count: picked.length }) }}</span>
        <select :aria-label="words.give_to" @change="give">
          <option value="">{{ words.give_to }}</option>
          <option v-for="colleague in colleagues" :key="colleague.id" :value="colleague.id">{{ fill(words.colleague, colleague) }}</option>
        </select>
        <select v-if="macros.length" :value="macro?.name || ''" :aria-label="words.use_macro" @change="chooseMacro">
          <option value="">{{ words.use_macro }}</option>
          <option v-for="one in macros" :key="one.name" :value="one.name" :title="one.steps">{{ one.title }}</option>
        </select>
        <button type="button" class="quiet" @click="picked = []">{{ words.clear_selection }}</button>
      </div>
      <div v-if="macro && picked.length" class="bulk bulk-confirm" role="alertdialog" :aria-label="macro.title">
        <p><span v-for="part in askedToSend" :key="part">{{ part }}</span></p>
        <button v-if="addressees.length" type="button" class="primary" @click="useMacro(macro)">{{ words.send }}</button>
        <button type="button" class="secondary" @click="macro = null">{{ words.cancel }}</button>
      </div>
      <div class="queue-head" aria-hidden="true">
        <span>{{ words.customer }}</span><span>{{ words.subject }}</span><span>{{ words.last_message }}</span>
        <span>{{ words.holder }}</span><span>{{ words.due }}</span><span class="right">{{ words.time }}</span>
      </div>
      <div class="rows" ref="rows">
        <template v-for="group in groups" :key="group.tier">
          <h2 v-if="group.name" class="tier-head" :class="group.tier"><i></i>{{ group.name }}<span v-if="pagesCount === 1">{{ group.rows.length }}</span></h2>
          <a v-for="row in group.rows" :key="row.id" v-memo="[row, looks(row), outcomes[row.id]]" class="row" :href="'/conversations/' + row.id" :data-id="row.id"
             :class="[row.tier, { selected: row.id === selected, ringing: ringing[row.id], mine: row.isMine, picked: picked.includes(row.id) }]"
             @click.exact.prevent="$emit('open', row.id)" @click.shift.prevent="pickTo(row.id)">
            <span class="row-customer">
              <strong>{{ row.customer }}</strong>
              <small>{{ row.channel }}<template v-if="row.outlet"> · {{ row.outlet }}</template></small>
            </span>
            <span class="row-subject">
              <span><span v-if="!groups[0].name" class="tier-chip" :class="row.tier">{{ row.tierName }}</span> {{ row.subject }}</span>
              <small v-if="row.number" class="number">{{ row.number }}</small>
              <span v-if="row.tags.length" class="tags"><span v-for="tag in row.tags" :key="tag" class="chip tag">{{ tag }}</span></span>
              <small v-if="outcomes[row.id]" class="outcome" :class="{ given: outcomes[row.id].isGiven }">{{ outcomes[row.id].text }}</small>
              <em v-if="row.reason && row.reason !== row.subject">{{ row.reason }}</em>
            </span>
            <span class="row-snippet" :class="{ theirs: row.isCustomersTurn }">{{ row.snippet }}</span>
            <span class="row-holder" :class="{ waiting: row.isWaiting, mine: row.isMine }">
              <span>{{ row.holder }}</span><small v-if="row.handler">{{ row.handler }}</small>
            </span>
            <span class="row-due">
              <small v-if="row.dueAt" :class="{ overdue: row.dueAt < now, soon: row.dueAt - now < 7200000 }">{{ due(row) }}</small>
            </span>
            <time class="row-time right" :class="{ long: row.isWaiting && now - row.since > 300000 }">{{ elapsed(row) }}</time>
          </a>
        </template>
        <p v-if="!rows.length" class="empty">{{ isSearching ? words.empty_search : words['empty_' + view.chosen] }}</p>
      </div>
      <footer v-if="pagesCount > 1" class="pager">
        <button type="button" class="quiet" :disabled="page === 0" :aria-label="words.previous_page" @click="turn(page - 1)">‹</button>
        <span>{{ fill(words.rows_of, { from: page * rowsOnAPage + 1, to: page * rowsOnAPage + rows.length, count: total }) }}</span>
        <button type="button" class="quiet" :disabled="page >= pagesCount - 1" :aria-label="words.next_page" @click="turn(page + 1)">›</button>
      </footer>
      <div v-if="help" class="veil" @click.self="help = false">
        <section class="keys" role="dialog" :aria-label="words.keys">
          <h2>{{ words.keys }}</h2>
          <dl><template v-for="key in keys" :key="key"><dt>{{ words['key_' + key] }}</dt><dd>{{ words['does_' + key] }}</dd></template></dl>
        </section>
      </div>
      <div v-if="palette" class="veil" @click.self="palette = false">
        <section class="palette" role="dialog" :aria-label="words.palette">
          <input ref="palette" v-model="wanted" maxlength="60" :placeholder="words.palette" :aria-label="words.palette"
                 @input="lookForSoon" @keydown="choose">
          <ul role="listbox">
            <li v-for="(goal, place) in goals" :key="goal.key" role="option" :aria-selected="place === at" :class="{ at: place === at }"
                @click="go(goal)"><strong>{{ goal.name }}</strong><small>{{ goal.detail }}</small></li>
          </ul>
        </section>
      </div>
      <div class="alarm" role="alert"><span v-if="alarm">{{ words.new_urgent }}</span></div>
    </section>
  `,
  props: {
    words: { type: Object, default: () => window.tingsuDesk.words }, tiers: Array, products: Array, tags: Array, rowsOnAPage: Number,
    queue: Object, views: Array, found: Array, colleagues: Array, macros: Array,
  },
  emits: ["open", "look", "turn", "saveView", "useView", "removeView", "lookFor", "chooseHandler", "give", "useMacro"],
  data() {
    return {
      ...this.queue, filters: FILTERS, keys: KEYS, text: this.queue.view.search, help: false, now: Date.now(), ringing: {}, alarm: false,
      naming: false, name: "", palette: false, wanted: "", at: 0, picked: [], lastPicked: null, outcomes: {}, macro: null,
    };
  },
  computed: {
    groups() {
      if (this.view.order === "deadline") return this.rows.length ? [{ tier: "", name: "", rows: this.rows }] : [];
      return this.tiers
        .map((tier) => ({ tier: tier.value, name: tier.name, rows: this.rows.filter((row) => row.tier === tier.value) }))
        .filter((group) => group.rows.length);
    },
    total() {
      return this.counts[this.view.chosen] || 0;
    },
    pagesCount() {
      return Math.max(1, Math.ceil(this.total / this.rowsOnAPage));
    },
    isNarrowed() {
      return Boolean(this.view.unit || this.view.handler || this.view.tier || this.view.product || this.view.tag || this.view.search || this.view.order === "deadline");
    },
    /** Where the palette leads: pages, filters and saved views whose name has the words, then cases that were found. */
    goals() {
      const words = this.wanted.trim().toLowerCase();
      const places = [
        ...PAGES.map(([name, address]) => ({ key: name, name: this.words["page_" + name], does: () => (location.href = address) })),
        ...FILTERS.map((chosen) => ({ key: chosen, name: this.words["filter_" + chosen], does: () => this.look({ chosen }) })),
        ...this.views.map((saved) => ({ key: saved.id, name: saved.name, does: () => this.$emit("useView", saved.id) })),
      ];
      const cases = this.found.map((found) => ({ ...found, key: found.id, does: () => this.$emit("open", found.id) }));
      return [...places.filter((place) => place.name.toLowerCase().includes(words)), ...(words.length > 1 ? cases : [])];
    },
    /** The chosen rows that are shown: what has left the page meanwhile is not acted on unseen. */
    pickedRows() {
      return this.rows.filter((row) => this.picked.includes(row.id));
    },
    /** Who gets a macro's reply: customers of the person's own, and those who wait. The server decides anew. */
    addressees() {
      return this.pickedRows.filter((row) => row.isMine || row.isWaiting);
    },
    askedToSend() {
      const [count, waiting] = [this.addressees.length, this.addressees.filter((row) => row.isWaiting).length];
      const parts = [this.fill(this.words.macro_sends_to, { count, title: this.macro.title })];
      if (waiting) parts.push(this.fill(this.words.macro_takes_over, { count: waiting }));
      if (count < this.pickedRows.length) parts.push(this.fill(this.words.macro_leaves_out, { count: this.pickedRows.length - count }));
      if (count && this.macro.steps) parts.push(this.fill(this.words.after_sending, this.macro));
      return parts;
    },
    isSearching() {
      return this.view.search.trim().length > 1;
    },
  },
  watch: {
    queue(queue) {
      Object.assign(this, queue);
    },
    rows: { immediate: true, handler: "ringForNew" },
    "picked.length"(count, before) {
      if (!count) this.macro = null;
      if (count && !before) {
        this.outcomes = {};
        this.$emit("chooseHandler");
      }
    },
    page() {
      this.$refs.rows.scrollTop = 0;
    },
    view(now, before) {
      if (now.search !== before.search && document.activeElement !== this.$refs.search) this.text = now.search;
      if (now.chosen !== before.chosen) this.$refs.rows.scrollTop = 0;
    },
  },
  mounted() {
    this.clock = setInterval(() => (this.now = Date.now()), 1000);
    this.title = document.title;
    document.addEventListener("keydown", this.press);
  },
  unmounted() {
    clearInterval(this.clock);
    clearTimeout(this.patience);
    document.removeEventListener("keydown", this.press);
  },
  methods: {
    /** Some rows are other than they were, or stand elsewhere; the rest is as it was. */
    change({ rows, order, ...others }) {
      const known = Object.fromEntries([...this.rows, ...rows].map((row) => [row.id, row]));
      Object.assign(this, others, { rows: order.map((id) => known[id]) });
    },
    fill: (text, values) => window.tingsuDesk.fill(text, values),
    /** What makes a row look other than it did, beside the row itself: fifty rows are drawn anew for one of them otherwise. */
    looks(row) {
      const marks = [row.id === this.selected, this.ringing[row.id], this.picked.includes(row.id), !this.groups[0]?.name];
      return [...marks, row.dueAt && this.due(row), this.elapsed(row)].join();
    },
    elapsed(row) {
      return window.tingsuDesk.duration(this.now - row.since, this.words);
    },
    due(row) {
      const time = window.tingsuDesk.duration(Math.abs(row.dueAt - this.now), this.words);
      return this.fill(row.dueAt < this.now ? this.words.overdue : this.words.left, { time });
    },
    look(change) {
      this.$emit("look", change);
    },
    turn(page) {
      this.$emit("turn", page);
    },
    searchSoon() {
      clearTimeout(this.patience);
      this.patience = setTimeout(this.search, SEARCH_AFTER);
    },
    search() {
      clearTimeout(this.patience);
      if (this.text.trim() !== this.view.search) this.look({ search: this.text.trim() });
    },
    leaveSearch(event) {
      this.text = "";
      this.search();
      event.target.blur();
    },
    pick(id) {
      if (!id) return;
      this.picked = this.picked.includes(id) ? this.picked.filter((other) => other !== id) : [...this.picked, id];
      this.lastPicked = id;
    },
    /** Everything between the row picked last and this one, as lists do it with Shift. */
    pickTo(id) {
      const order = this.groups.flatMap((group) => group.rows.map((row) => row.id));
      const [from, to] = [order.indexOf(this.lastPicked), order.indexOf(id)];
      if (to === -1) return;
      const between = from === -1 ? [id] : order.slice(Math.min(from, to), Math.max(from, to) + 1);
      this.picked = [...new Set([...this.picked, ...between])];
      this.lastPicked = id;
    },
    give(event) {
      const ids = this.pickedRows.map((row) => row.id);
      if (event.target.value && ids.length) this.$emit("give", { ids, to: event.target.value });
    },
    /** Messages to several customers are said yes to first. */
    chooseMacro(event) {
      const macro = this.macros.find((one) => one.name === event.target.value) || null;
      this.macro = macro?.hasReply ? macro : null;
      if (macro && !macro.hasReply) this.useMacro(macro);
    },
    useMacro(macro) {
      const ids = this.pickedRows.map((row) => row.id);
      if (ids.length) this.$emit("useMacro", { ids, macro: macro.name, confirmed: macro.hasReply });
      this.macro = null;
    },
    given(outcomes) {
      this.outcomes = outcomes;
      this.picked = [];
    },
    nameView() {
      this.naming = true;
      this.name = "";
      this.$nextTick(() => this.$refs.name.focus());
    },
    saveView(event) {
      if (event.isComposing || !this.name.trim()) return;
      this.$emit("saveView", this.name.trim());
      this.naming = false;
    },
    openPalette() {
      Object.assign(this, { palette: true, wanted: "", at: 0 });
      this.$nextTick(() => this.$refs.palette.focus());
    },
    lookForSoon() {
      this.at = 0;
      clearTimeout(this.patience);
      this.patience = setTimeout(() => this.$emit("lookFor", this.wanted), SEARCH_AFTER);
    },
    choose(event) {
      const steps = { ArrowDown: 1, ArrowUp: -1 };
      if (event.key in steps) this.at = Math.min(Math.max(this.at + steps[event.key], 0), this.goals.length - 1);
      else if (event.key === "Escape") this.palette = false;
      else if (event.key === "Enter" && !event.isComposing) this.go(this.goals[this.at]);
      else return;
      event.preventDefault();
    },
    go(goal) {
      if (!goal) return;
      this.palette = false;
      goal.does();
    },
    /** The desk's keys, except where the person is writing or a button waits for its own key. */
    press(event) {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        this.openPalette();
        return;
      }
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target.closest("input, textarea, select, [contenteditable]")) return;
      if (event.key === "Escape") this.help = false;
      const does = {
        j: () => this.move(1), k: () => this.move(-1), ArrowDown: () => this.move(1), ArrowUp: () => this.move(-1),
        x: () => this.pick(document.activeElement.dataset.id), X: () => this.pickTo(document.activeElement.dataset.id),
        "/": () => this.$refs.search.focus(), "?": () => (this.help = !this.help),
      }[event.key];
      if (!does) return;
      event.preventDefault();
      does();
    },
    /** The row with the focus is where the person is; Enter opens it as it opens any link. */
    move(step) {
      const rows = [...this.$refs.rows.querySelectorAll(".row")];
      const at = rows.indexOf(document.activeElement);
      const start = at === -1 ? rows.findIndex((row) => row.dataset.id === this.selected) : at;
      const next = start === -1 ? rows[0] : rows[Math.min(Math.max(start + step, 0), rows.length - 1)];
      next?.focus();
    },
    /** Each urgent customer who waits rings once in this browser tab, also over reloads. */
    ringForNew() {
      const rung = new Set(JSON.parse(sessionStorage.getItem(RUNG) || "[]"));
      const fresh = this.rows.filter((row) => row.tier === "urgent" && row.isWaiting && !rung.has(row.id + row.since));
      if (!fresh.length) return;
      fresh.forEach((row) => rung.add(row.id + row.since));
      sessionStorage.setItem(RUNG, JSON.stringify([...rung].slice(-200)));
      fresh.forEach((row) => (this.ringing[row.id] = true));
      this.alarm = true;
      document.title = `● ${this.words.new_urgent}`;
      window.tingsuDesk.ring();
      setTimeout(() => {
        fresh.forEach((row) => delete this.ringing[row.id]);
        this.alarm = false;
        document.title = this.title;
      }, 6000);
    },
  },
};
