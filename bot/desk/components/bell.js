/* The bell: customers who must not wait on top, then notices; how many are unseen stands on it. Escape closes it. */
const ALARMS_RUNG = "tingsu-alarms-rung";

export default {
  template: `
    <div class="bell" ref="bell">
      <button type="button" class="quiet icon bell-button" :class="{ ringing: alarms.length }" :aria-expanded="isOpen"
              :aria-label="fill(words.notices_unseen, { count: total })" :title="words.notices" @click="isOpen = !isOpen">
        <svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.8"
             stroke-linecap="round" stroke-linejoin="round"><path d="M6 9a6 6 0 0 1 12 0c0 6 2 7 2 7H4s2-1 2-7M10 20a2 2 0 0 0 4 0"/></svg>
        <span v-if="total" class="bell-count">{{ total > 99 ? '99+' : total }}</span>
      </button>
      <section v-if="isOpen" class="bell-list" :aria-label="words.notices">
        <header><strong>{{ words.notices }}</strong>
          <button v-if="unseen" type="button" class="quiet see-all" @click="$emit('seeAll', notices[0]?.id)">{{ words.see_all }}</button></header>
        <a v-for="alarm in alarms" :key="alarm.id" class="bell-alarm" :href="alarm.address" role="alert"
           @click.exact.prevent="$emit('open', alarm)">
          <strong>{{ alarm.text }}</strong><small>{{ fill(words.alarm_since, { time: moment(alarm.since) }) }}</small></a>
        <div v-for="notice in notices" :key="notice.id" class="bell-notice" :class="{ unseen: !notice.isSeen }" :data-id="notice.id">
          <component :is="notice.address ? 'a' : 'span'" :href="notice.address || null" @click.exact.prevent="open(notice)">
            <strong>{{ notice.text }}</strong> <span class="number">{{ notice.number }}</span>
            <small v-if="notice.deadline">{{ fill(words.notice_due, { name: notice.deadline, time: moment(notice.dueAt) }) }}</small>
            <small>{{ moment(notice.at) }}</small>
          </component>
          <button v-if="!notice.isSeen" type="button" class="quiet icon" :title="words.see_one" :aria-label="words.see_one + ' ' + notice.number"
                  @click="$emit('see', notice.id)">✓</button>
        </div>
        <p v-if="!alarms.length && !notices.length" class="empty">{{ words.notices_none }}</p>
      </section>
      <div class="bell-call" role="alert"><a v-if="alarms.length && !isOpen" :href="alarms[0].address" @click.exact.prevent="$emit('open', alarms[0])">{{ alarms[0].text }}</a></div>
    </div>
  `,
  props: { words: { type: Object, default: () => window.tingsuDesk.words }, locale: String, alarms: Array, notices: Array, unseen: Number },
  emits: ["open", "see", "seeAll"],
  data: () => ({ isOpen: false }),
  computed: {
    total() {
      return this.unseen + this.alarms.length;
    },
  },
  watch: {
    alarms() {
      this.ringForNew();
    },
  },
  mounted() {
    document.addEventListener("pointerdown", this.closeOutside);
    document.addEventListener("keydown", this.closeByKey);
    this.ringForNew();
  },
  unmounted() {
    document.removeEventListener("pointerdown", this.closeOutside);
    document.removeEventListener("keydown", this.closeByKey);
  },
  methods: {
    fill: (text, values) => window.tingsuDesk.fill(text, values),
    moment(milliseconds) {
      return window.tingsuDesk.moment(milliseconds, this.locale);
    },
    open(notice) {
      if (notice.address) this.$emit("open", { address: notice.address, id: notice.id });
    },
    closeOutside(event) {
      if (!this.$refs.bell.contains(event.target)) this.isOpen = false;
    },
    closeByKey(event) {
      if (event.key === "Escape") this.isOpen = false;
    },
    /** Each alarm rings once in this browser tab, also over pages. */
    ringForNew() {
      const rung = new Set(JSON.parse(sessionStorage.getItem(ALARMS_RUNG) || "[]"));
      const fresh = this.alarms.filter((alarm) => !rung.has(alarm.id));
      if (!fresh.length) return;
      fresh.forEach((alarm) => rung.add(alarm.id));
      sessionStorage.setItem(ALARMS_RUNG, JSON.stringify([...rung].slice(-200)));
      window.tingsuDesk.ring();
    },
  },
};
