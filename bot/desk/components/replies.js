/* A unit's canned replies and the chosen one's form; beside them the house's, to read. `n` begins a new one. */
export default {
  template: `
    <div class="people replies" @keydown.esc="mode = 'none'">
      <section class="people-list" :aria-label="words.unit_replies">
        <form class="people-search" role="search" @submit.prevent>
          <input v-model="search" type="search" :placeholder="words.search_replies" :aria-label="words.search_replies">
          <button type="button" class="primary" @click="beginNew">{{ words.add_reply }}</button>
        </form>
        <div class="people-rows">
          <button v-for="reply in found" :key="reply.id" type="button" class="person-row reply-row" :class="{ chosen: mode === 'edit' && form.id === reply.id }" @click="choose(reply)">
            <span><strong>{{ reply.title }}</strong><small>{{ reply.text }}</small></span>
            <span>{{ reply.stepName }}</span><span>{{ reply.unitName }}</span><em class="chip">{{ words['speaks_' + reply.language] }}</em>
          </button>
          <p v-if="!found.length" class="empty">{{ words.no_unit_replies }}</p>
        </div>
      </section>

      <section class="person" v-if="mode !== 'none'" :aria-label="form.title || words.add_reply">
        <h1>{{ mode === 'new' ? words.add_reply : words.change_reply }}</h1>
        <form @submit.prevent="save">
          <label class="field"><span>{{ words.unit }}</span><select v-model="form.unit" name="unit" required :disabled="mode === 'edit'"><option v-for="unit in units" :key="unit.code" :value="unit.code">{{ '　'.repeat(unit.depth - units[0].depth) }}{{ unit.name }}</option></select></label>
          <label class="field"><span>{{ words.learn_step }}</span><select v-model="form.step" name="step" required><option v-for="step in steps" :key="step.value" :value="step.value">{{ step.name }}</option></select></label>
          <label class="field"><span>{{ words.language }}</span><select v-model="form.language" name="language" required><option v-for="one in ['zh', 'en']" :key="one" :value="one">{{ words['speaks_' + one] }}</option></select></label>
          <label class="field"><span>{{ words.reply_title }}</span><input v-model="form.title" name="title" required maxlength="60" autocomplete="off" ref="first"></label>
          <label class="field"><span>{{ words.reply_text }}</span><textarea v-model="form.text" name="text" required maxlength="1000" rows="5" ref="text"></textarea></label>
          <p class="aside">{{ words.insert_place }}</p>
          <p class="acts places-to-fill"><button v-for="place in places" :key="place.value" type="button" class="secondary" @click="insert(place.value)">{{ place.name }}</button></p>
          <p class="acts"><button type="submit" class="primary">{{ words.save }}</button><button type="button" class="quiet" @click="mode = 'none'">{{ words.cancel }}</button>
            <button v-if="mode === 'edit'" type="button" class="secondary danger archive" @click="$emit('archive', { id: form.id })">{{ words.archive_reply }}</button></p>
        </form>
      </section>
      <aside class="unit-tree house-replies" v-else :aria-label="words.house_replies"><h2>{{ words.house_replies }}</h2>
        <article v-for="reply in house" :key="reply.name"><strong>{{ reply.title }}</strong> <small>{{ reply.stepName }}</small><p>{{ reply.text }}</p></article></aside>
    </div>
  `,
  props: { words: { type: Object, default: () => window.tingsuDesk.words }, units: Array, steps: Array, places: Array, house: Array, replies: Array, done: Number },
  emits: ["add", "change", "archive"],
  data: () => ({ search: "", mode: "none", form: {} }),
  computed: {
    found() {
      const wanted = this.search.trim().toLowerCase();
      return this.replies.filter((reply) => `${reply.title} ${reply.text} ${reply.unitName} ${reply.stepName}`.toLowerCase().includes(wanted));
    },
  },
  watch: {
    done() {
      this.mode = "none";
    },
  },
  mounted() {
    addEventListener("keydown", this.shortcuts);
  },
  unmounted() {
    removeEventListener("keydown", this.shortcuts);
  },
  methods: {
    beginNew() {
      this.mode = "new";
      this.form = { unit: this.units[0]?.code, step: "listen", language: "zh", title: "", text: "" };
      this.$nextTick(() => this.$refs.first.focus());
    },
    choose({ id, unit, step, language, title, text }) {
      this.mode = "edit";
      this.form = { id, unit, step, language, title, text };
    },
    save() {
      this.$emit(this.mode === "new" ? "add" : "change", { ...this.form });
    },
    insert(place) {
      const { selectionStart: start, selectionEnd: end } = this.$refs.text;
      this.form.text = `${this.form.text.slice(0, start)}{${place}}${this.form.text.slice(end)}`;
      this.$nextTick(() => {
        this.$refs.text.focus();
        this.$refs.text.setSelectionRange(start + place.length + 2, start + place.length + 2);
      });
    },
    shortcuts(event) {
      if (event.key !== "n" || event.ctrlKey || event.metaKey || event.altKey || /INPUT|SELECT|TEXTAREA/.test(event.target.tagName)) return;
      event.preventDefault();
      this.beginNew();
    },
  },
};
