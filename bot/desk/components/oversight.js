/* Oversight: what waits for a decision, then the figures by unit and by person; each figure leads to the queue. */
export default {
  template: `
    <main class="oversight" v-if="sheet">
      <form class="oversight-tools" method="get" action="/oversight" :aria-label="words.period_own">
        <nav><a v-for="count in days" :key="count" :href="'/oversight?days=' + count" :aria-current="chosen.days === count ? 'page' : null">{{ fill(words.period_days, { count }) }}</a></nav>
        <label><span>{{ words.from }}</span><input type="date" name="since" :value="chosen.since" required></label>
        <label><span>{{ words.until }}</span><input type="date" name="until" :value="chosen.until" required></label>
        <button type="submit" class="secondary">{{ words.filter }}</button>
        <span class="topbar-space"></span>
        <a class="csv" :href="csvAddress">CSV</a>
      </form>
      <section class="awaited" :aria-label="words.awaits_you">
        <h2>{{ words.awaits_you }}<span v-if="sheet.awaited.length" class="count">{{ sheet.awaited.length }}</span></h2>
        <a v-for="one in sheet.awaited" :key="one.number + one.what + one.at" :href="one.address">
          <span class="tier-chip" :class="one.tier">{{ one.tierName }}</span> <strong>{{ one.what }}</strong>
          <span class="number">{{ one.number }}</span>
          <small>{{ fill(words.asked_by_at, { name: one.by, time: moment(one.at) }) }}</small>
        </a>
        <p v-if="!sheet.awaited.length" class="hint">{{ words.awaits_nothing }}</p>
      </section>
      <section v-for="table in tables" :key="table.name" class="figures" :data-table="table.name" :aria-label="table.title">
        <h2>{{ table.title }}</h2>
        <div class="figures-scroll"><table>
          <thead>
            <tr><th rowspan="2" scope="col"></th><th :colspan="tiers.length" scope="colgroup">{{ words.open_now }}</th>
              <th rowspan="2" scope="col">{{ words.is_overdue }}</th><th rowspan="2" scope="col">{{ words.due_within_a_day }}</th>
              <th rowspan="2" scope="col">{{ words.waiting_now }}</th>
              <th :colspan="promises.length + 1" scope="colgroup">{{ words.kept_share }}</th>
              <th rowspan="2" scope="col">{{ words.first_answer }}</th><th rowspan="2" scope="col">{{ words.satisfaction }}</th></tr>
            <tr><th v-for="tier in tiers" :key="tier.value" scope="col">{{ tier.name }}</th>
              <th v-for="promise in kinds" :key="promise.value" scope="col">{{ promise.name }}</th></tr>
          </thead>
          <tbody>
            <tr v-for="row in table.rows" :key="row.id" :class="{ overall: row === sheet.overall, away: row.awayUntil }" :data-code="row.code">
              <th scope="row" :style="{ paddingLeft: 10 + 14 * (row.depth || 0) + 'px' }"><span>{{ row.name }}</span>
                <small v-if="row.unit">{{ row.unit }}</small>
                <small v-if="row.awayUntil" class="presence">{{ fill(words.away_until, { time: moment(row.awayUntil) }) }}</small>
                <small v-else-if="row.isOffShift" class="presence">{{ words.off_shift }}</small>
                <button v-if="row.mayReassign && openOf(row)" type="button" class="quiet reassign" :class="{ danger: sure === row.id }"
                        @click="reassign(row)" @blur="sure = ''">{{ sure === row.id ? fill(words.reassign_sure, { count: openOf(row) }) : words.reassign_all }}</button></th>
              <td v-for="tier in tiers" :key="tier.value"><component :is="cell(row, tier.value, row.open[tier.value])" v-bind="link(row, tier.value)" :class="tier.value">{{ row.open[tier.value] || '–' }}</component></td>
              <td><component :is="cell(row, 'dates', row.overdue)" v-bind="link(row, 'dates')" :class="{ overdue: row.overdue }">{{ row.overdue || '–' }}</component></td>
              <td><component :is="cell(row, 'dates', row.dueSoon)" v-bind="link(row, 'dates')">{{ row.dueSoon || '–' }}</component></td>
              <td><component :is="cell(row, 'waiting', row.waiting)" v-bind="link(row, 'waiting')">{{ row.waiting || '–' }}</component></td>
              <td v-for="promise in kinds" :key="promise.value" :title="kept(row, promise.value)" :class="{ total: promise.value === 'all' }">{{ share(row, promise.value) }}</td>
              <td>{{ row.firstAnswer === null ? '–' : duration(row.firstAnswer) }}</td>
              <td>{{ row.rating === null ? '–' : row.rating.toFixed(1) }}<small v-if="row.ratingsCount">{{ fill(words.ratings_count, { count: row.ratingsCount }) }}</small></td>
            </tr>
            <tr v-if="!table.rows.length"><td class="empty" :colspan="20">{{ words.no_figures }}</td></tr>
          </tbody>
        </table></div>
      </section>
      <p class="hint explained">{{ words.figures_explained }}</p>
    </main>
  `,
  props: { words: { type: Object, default: () => window.tingsuDesk.words }, locale: String, tiers: Array, promises: Array, days: Array, chosen: Object, csvAddress: String, sheet: Object },
  emits: ["reassign"],
  data: () => ({ sure: "" }),
  computed: {
    kinds() {
      return [...this.promises, { value: "all", name: this.words.kept_all }];
    },
    tables() {
      return [
        { name: "units", title: this.words.by_unit, rows: [this.sheet.overall, ...this.sheet.units] },
        { name: "people", title: this.words.by_person, rows: this.sheet.people },
      ];
    },
  },
  methods: {
    fill: (text, values) => window.tingsuDesk.fill(text, values),
    duration(milliseconds) {
      return window.tingsuDesk.duration(milliseconds, this.words);
    },
    moment(milliseconds) {
      return window.tingsuDesk.moment(milliseconds, this.locale);
    },
    openOf: (row) => Object.values(row.open).reduce((sum, count) => sum + count, 0),
    cell: (row, lead, count) => (count && row.leads[lead] ? "a" : "span"),
    link: (row, lead) => (row.leads[lead] ? { href: row.leads[lead] } : {}),
    share(row, promise) {
      const percent = row.kept[promise].percent;
      return percent === null ? "–" : `${percent} %`;
    },
    kept(row, promise) {
      return row.kept[promise].due ? this.fill(this.words.kept_of, row.kept[promise]) : null;
    },
    /** Asked once more, because it moves many cases at a time. */
    reassign(row) {
      if (this.sure !== row.id) this.sure = row.id;
      else {
        this.sure = "";
        this.$emit("reassign", row.id);
      }
    },
  },
};
