/* People: a list to search, and the chosen one's form. `/` searches, `n` adds, arrows move, Enter opens. */
export default {
  template: `
    <div class="people" :class="{ 'has-person': mode !== 'none' }" @keydown="keys">
      <section class="people-list" :aria-label="words.people">
        <form class="people-search" role="search" @submit.prevent="look(0)">
          <input ref="search" v-model="search" type="search" :placeholder="words.search_people" :aria-label="words.search_people" @input="lookSoon">
          <button type="button" class="primary" @click="beginNew">{{ words.add_person }}</button>
        </form>
        <div class="people-rows" ref="rows">
          <button v-for="one in found.people" :key="one.username" type="button" class="person-row" :data-username="one.username"
                  :class="{ closed: !one.isActive, chosen: mode === 'edit' && person?.username === one.username }" @click="choose(one.username)">
            <span><strong>{{ one.name }}</strong><small>{{ one.username }}</small></span>
            <span>{{ one.roleName }}</span><span>{{ one.unitName }}</span>
            <em v-if="!one.isActive">{{ words.account_closed }}</em>
          </button>
          <p v-if="!found.people.length" class="empty">{{ words.nobody_found }}</p>
        </div>
        <nav class="pager" v-if="found.count > found.size">
          <button type="button" class="secondary" :disabled="found.page === 0" @click="look(found.page - 1)">‹</button>
          <span>{{ found.page + 1 }} / {{ Math.ceil(found.count / found.size) }} · {{ found.count }}</span>
          <button type="button" class="secondary" :disabled="(found.page + 1) * found.size >= found.count" @click="look(found.page + 1)">›</button>
        </nav>
      </section>

      <section class="person" v-if="mode !== 'none'" :aria-label="form.name || words.add_person">
        <h1>{{ mode === 'new' ? words.add_person : person.name }}</h1>
        <p v-if="secret && mode === 'edit'" class="secret" role="status">{{ words.one_time_password }} <code>{{ secret }}</code></p>
        <form @submit.prevent="save">
          <label class="field"><span>{{ words.username }}</span><input v-model="form.username" name="username" required maxlength="50" autocomplete="off" autocapitalize="none" :readonly="mode === 'edit'" ref="first"></label>
          <label class="field"><span>{{ words.name_for_customers }}</span><input v-model="form.name" name="name" required maxlength="50" autocomplete="off"></label>
          <label class="field"><span>{{ words.role }}</span><select v-model="form.role" name="role" required :disabled="isMyself"><option v-for="role in roles" :key="role.value" :value="role.value">{{ role.name }}</option></select></label>
          <label class="field"><span>{{ words.unit }}</span><select v-model="form.unit" name="unit" required :disabled="isMyself"><option v-for="unit in units" :key="unit.code" :value="unit.code">{{ '　'.repeat(unit.depth) }}{{ unit.name }} · {{ unit.code }}</option></select></label>
          <p class="acts"><button type="submit" class="primary">{{ words.save }}</button><button type="button" class="quiet" @click="mode = 'none'">{{ words.cancel }}</button></p>
        </form>
        <template v-if="mode === 'edit'">
          <h2>{{ words.account }}</h2>
          <p class="acts">
            <button type="button" class="secondary" @click="send('resetPassword')">{{ words.reset_password }}</button>
            <button v-if="person.hasSecondFactor" type="button" class="secondary" @click="send('resetSecondFactor')">{{ words.reset_second_factor }}</button>
            <button v-if="person.isActive && !isMyself" type="button" class="secondary danger" @click="send('close')">{{ words.close_account }}</button>
            <button v-if="!person.isActive" type="button" class="secondary" @click="send('reopen')">{{ words.reopen_account }}</button>
          </p>
          <p v-if="person.isLocked" class="aside">{{ words.account_locked }}</p>
          <h2>{{ words.shifts }}</h2>
          <p v-if="!shifts.length" class="aside">{{ words.always_there }}</p>
          <p v-for="(shift, place) in shifts" :key="place" class="line">
            <select v-model.number="shift.weekday" :aria-label="words.weekday"><option v-for="day in 7" :key="day" :value="day">{{ words['weekday_' + day] }}</option></select>
            <input v-model="shift.from" type="time" required :aria-label="words.from"><input v-model="shift.until" type="time" required :aria-label="words.until">
            <button type="button" class="quiet" :aria-label="words.remove" @click="shifts.splice(place, 1)">×</button>
          </p>
          <p class="acts"><button type="button" class="secondary" @click="shifts.push({ weekday: (shifts.length % 7) + 1, from: '08:30', until: '17:30' })">{{ words.add_shift }}</button>
            <button type="button" class="secondary save-shifts" @click="send('setShifts', { shifts })">{{ words.save_shifts }}</button></p>
          <h2>{{ words.absences }}</h2>
          <p v-if="person.openCount" class="acts"><button type="button" class="secondary reassign" @click="send('reassignAll')">{{ words.reassign_all }} · {{ person.openCount }}</button></p>
          <p v-for="absence in person.absences" :key="absence.id" class="line absence"><span>{{ moment(absence.fromAt) }} – {{ moment(absence.untilAt) }} {{ absence.note }}</span>
            <button type="button" class="quiet" :aria-label="words.remove" @click="send('removeAbsence', { id: absence.id })">×</button></p>
          <form class="line" @submit.prevent="addAbsence">
            <input v-model="absence.from_at" type="datetime-local" required :aria-label="words.from"><input v-model="absence.until_at" type="datetime-local" required :aria-label="words.until">
            <input v-model="absence.note" maxlength="200" :placeholder="words.note" :aria-label="words.note"><button type="submit" class="secondary">{{ words.add_absence }}</button>
          </form>
        </template>
      </section>
      <aside class="unit-tree" v-else :aria-label="words.units"><h2>{{ words.units }}</h2>
        <ul><li v-for="unit in units" :key="unit.code" :style="{ paddingLeft: unit.depth * 18 + 'px' }">{{ unit.name }} <small>{{ unit.code }}</small></li></ul></aside>
    </div>
  `,
  props: { words: { type: Object, default: () => window.tingsuDesk.words }, locale: String, roles: Array, units: Array, found: Object, person: Object, secret: String },
  emits: ["look", "choose", "add", "change", "close", "reopen", "resetPassword", "resetSecondFactor", "addAbsence", "removeAbsence", "setShifts", "reassignAll"],
  data: () => ({ search: "", mode: "none", form: {}, shifts: [], absence: {} }),
  computed: {
    isMyself() {
      return this.mode === "edit" && this.person?.isMyself;
    },
  },
  watch: {
    person(person) {
      if (!person) return;
      this.mode = "edit";
      const { username, name, role, unit } = person;
      this.form = { username, name, role, unit };
      this.shifts = person.shifts.map((shift) => ({ ...shift }));
      this.absence = { from_at: "", until_at: "", note: "" };
    },
  },
  mounted() {
    this.$refs.search.focus();
    addEventListener("keydown", this.shortcuts);
  },
  unmounted() {
    removeEventListener("keydown", this.shortcuts);
    clearTimeout(this.soon);
  },
  methods: {
    moment(at) {
      return window.tingsuDesk.moment(at, this.locale);
    },
    look(page) {
      this.$emit("look", { search: this.search, page });
    },
    lookSoon() {
      clearTimeout(this.soon);
      this.soon = setTimeout(() => this.look(0), 200);
    },
    choose(username) {
      this.$emit("choose", { username });
      if (this.person?.username === username) this.mode = "edit";
    },
    beginNew() {
      this.mode = "new";
      this.form = { username: "", name: "", role: "handler", unit: this.units[0]?.code };
      this.$nextTick(() => this.$refs.first.focus());
    },
    save() {
      this.$emit(this.mode === "new" ? "add" : "change", { ...this.form });
    },
    send(act, more = {}) {
      this.$emit(act, { username: this.person.username, ...more });
    },
    addAbsence() {
      this.send("addAbsence", this.absence);
    },
    shortcuts(event) {
      if (event.ctrlKey || event.metaKey || event.altKey || /INPUT|SELECT|TEXTAREA/.test(event.target.tagName)) return;
      if (event.key === "/" || event.key === "n") {
        event.preventDefault();
        event.key === "/" ? this.$refs.search.focus() : this.beginNew();
      }
    },
    keys(event) {
      if (event.key === "Escape" && this.mode !== "none") {
        this.mode = "none";
        this.$refs.search.focus();
      }
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      const rows = [...this.$refs.rows.querySelectorAll(".person-row")];
      const at = rows.indexOf(event.target);
      if (!step || (at === -1 && event.target !== this.$refs.search)) return;
      event.preventDefault();
      (rows[at + step] ?? this.$refs.search).focus();
    },
  },
};
