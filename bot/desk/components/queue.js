/* The queue: filters with counts, rows grouped by tier, waiting times that tick, and one alarm for each urgent case. */
const RUNG = "tingsu-rung";

export default {
  template: `
    <section class="queue" :aria-label="words.queue">
      <nav class="tabs" role="tablist">
        <button v-for="filter in ['waiting', 'mine', 'open']" :key="filter" type="button" role="tab"
                :aria-selected="chosen === filter" :class="{ chosen: chosen === filter }"
                @click="$emit('choose', filter)">
          {{ words['filter_' + filter] }}<span class="count">{{ counts[filter] || 0 }}</span>
        </button>
      </nav>
      <div class="queue-head" aria-hidden="true">
        <span>{{ words.customer }}</span><span>{{ words.subject }}</span><span>{{ words.last_message }}</span>
        <span>{{ words.holder }}</span><span>{{ words.due }}</span><span class="right">{{ words.time }}</span>
      </div>
      <div class="rows">
        <template v-for="group in groups" :key="group.tier">
          <h2 class="tier-head" :class="group.tier"><i></i>{{ group.name }}<span>{{ group.rows.length }}</span></h2>
          <a v-for="row in group.rows" :key="row.id" class="row" :href="'/conversations/' + row.id" :data-id="row.id"
             :class="[row.tier, { selected: row.id === selected, ringing: ringing[row.id], mine: row.isMine }]"
             @click.exact.prevent="$emit('open', row.id)">
            <span class="row-customer">
              <strong>{{ row.customer }}</strong>
              <small>{{ row.channel }}<template v-if="row.outlet"> · {{ row.outlet }}</template></small>
            </span>
            <span class="row-subject">
              <span>{{ row.subject }}</span>
              <small v-if="row.number" class="number">{{ row.number }}</small>
              <em v-if="row.reason && row.reason !== row.subject">{{ row.reason }}</em>
            </span>
            <span class="row-snippet" :class="{ theirs: row.isCustomersTurn }">{{ row.snippet }}</span>
            <span class="row-holder" :class="{ waiting: row.isWaiting, mine: row.isMine }">{{ row.holder }}</span>
            <span class="row-due">
              <small v-if="row.dueAt" :class="{ overdue: row.dueAt < now, soon: row.dueAt - now < 7200000 }">{{ due(row) }}</small>
            </span>
            <time class="row-time right" :class="{ long: row.isWaiting && now - row.since > 300000 }">{{ elapsed(row) }}</time>
          </a>
        </template>
        <p v-if="!rows.length" class="empty">{{ words['empty_' + chosen] }}</p>
        <p v-if="hiddenCount > 0" class="empty">{{ fill(words.more_rows, { count: hiddenCount }) }}</p>
      </div>
      <div class="alarm" role="alert"><span v-if="alarm">{{ words.new_urgent }}</span></div>
    </section>
  `,
  props: { words: Object, rows: Array, counts: Object, chosen: String, selected: String },
  emits: ["open", "choose"],
  data: () => ({ now: Date.now(), ringing: {}, alarm: false }),
  computed: {
    groups() {
      return ["urgent", "complex", "ordinary"]
        .map((tier) => ({ tier, rows: this.rows.filter((row) => row.tier === tier) }))
        .filter((group) => group.rows.length)
        .map((group) => ({ ...group, name: group.rows[0].tierName }));
    },
    hiddenCount() {
      return (this.counts[this.chosen] || 0) - this.rows.length;
    },
  },
  watch: {
    rows: { immediate: true, handler: "ringForNew" },
  },
  mounted() {
    this.clock = setInterval(() => (this.now = Date.now()), 1000);
    this.title = document.title;
  },
  unmounted() {
    clearInterval(this.clock);
  },
  methods: {
    fill: (text, values) => window.tingsuDesk.fill(text, values),
    elapsed(row) {
      return window.tingsuDesk.duration(this.now - row.since, this.words);
    },
    due(row) {
      const time = window.tingsuDesk.duration(Math.abs(row.dueAt - this.now), this.words);
      return this.fill(row.dueAt < this.now ? this.words.overdue : this.words.left, { time });
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
