/* The complaints of a conversation: what was said, why this tier, what is due, what was done, and how it ended. */

/** What can be done here: a button each; one that needs words opens its form in place. Escape closes, Ctrl+Enter does it. */
const Acts = {
  template: `
    <div v-if="acts.length" class="acts">
      <p class="act-buttons" v-if="!opened">
        <button v-for="act in shown" :key="act.name" type="button" :class="act.tone" :data-act="act.name" :disabled="busy" @click="begin(act)">{{ act.label }}</button>
        <button v-if="shown.length < acts.length" type="button" class="quiet more" @click="all = true">{{ words.more_acts }}</button>
      </p>
      <form v-else class="act-form" :data-act="opened.name" @submit.prevent="send" @keydown.esc.stop="opened = null" @keydown.ctrl.enter.prevent="send">
        <h4>{{ opened.label.replace('…', '') }}</h4>
        <p v-if="opened.hint" class="aside">{{ opened.hint }}</p>
        <label v-for="field in opened.fields" :key="field.name"><span>{{ field.label }}</span>
          <select v-if="field.kind === 'choice'" v-model="values[field.name]" :required="field.isRequired">
            <option v-for="option in field.options" :key="option.value" :value="option.value">{{ option.label }}</option>
          </select>
          <input v-else-if="field.kind === 'line'" v-model="values[field.name]" :maxlength="field.longest" :required="field.isRequired">
          <textarea v-else v-model="values[field.name]" rows="4" :maxlength="field.longest" :required="field.isRequired"></textarea>
        </label>
        <p class="act-buttons"><button type="button" class="quiet" @click="opened = null">{{ words.cancel }}</button>
          <button type="submit" class="primary" :disabled="busy || !isFilled">{{ opened.confirm }}</button></p>
      </form>
    </div>
  `,
  props: { acts: Array, words: Object, done: Number },
  emits: ["act"],
  data: () => ({ opened: null, last: null, values: {}, busy: false, all: false }),
  computed: {
    /** What is done every day, the next step first; the rest is one click away. */
    shown() {
      const order = ["primary", "secondary", "quiet"];
      const acts = [...this.acts].sort((one, other) => order.indexOf(one.tone) - order.indexOf(other.tone));
      return this.all || acts.length < 4 ? acts : acts.filter((act) => act.tone !== "quiet");
    },
    isFilled() {
      return this.opened.fields.every((field) => !field.isRequired || (this.values[field.name] || "").trim());
    },
  },
  watch: {
    /** What this form asked for was done: it closes, empty. */
    done() {
      if (!this.busy) return;
      this.busy = false;
      this.opened = this.last = null;
    },
    /** The case has changed: a form for what is offered no longer closes, any other keeps what is half written. */
    acts(now) {
      if (this.opened && !now.some((act) => this.isSame(act, this.opened))) this.opened = null;
    },
  },
  methods: {
    isSame: (one, other) => one.name === other.name && one.target === other.target,
    /** What a macro leads to: a form opens, an act without one waits for its click. */
    show(act) {
      if (act.fields.length) return this.begin(act);
      this.all = true;
      this.$nextTick(() => this.$el.querySelector(`[data-act=${act.name}]`)?.focus());
    },
    begin(act) {
      if (!act.fields.length) return this.send(act);
      if (!this.isSame(act, this.last || {})) this.values = Object.fromEntries(act.fields.map((field) => [field.name, field.value || ""]));
      this.opened = this.last = act;
      this.$nextTick(() => this.$el.querySelector?.("textarea, input, select")?.focus());
    },
    send(act) {
      const chosen = act?.name ? act : this.opened;
      if (this.busy || (this.opened && !this.isFilled)) return;
      this.busy = true;
      setTimeout(() => (this.busy = false), 3000);
      this.$emit("act", chosen, { ...this.values });
    },
  },
};

/** A parent or child case in one line: number, unit, state, what is due. */
const Relative = {
  template: `
    <article class="matter relative" :class="{ waiting: !item.isSettled }" :data-number="item.number">
      <p><a v-if="item.address" class="number" :href="item.address">{{ item.number }}</a><span v-else class="number">{{ item.number }}</span><em>{{ item.state }}</em></p>
      <small>{{ item.unit }}<template v-if="due"> · <time :class="urgency">{{ due }}</time></template></small>
      <slot></slot>
    </article>
  `,
  props: { item: Object, words: Object, due: String, urgency: String },
};

export default {
  template: `
    <aside class="cases" :aria-label="words.complaints">
      <p v-if="!cases.length" class="empty">{{ words.no_complaint }}</p>
      <details v-for="(item, index) in cases" :key="item.id" class="case" :open="index === 0 || !item.isSettled" :data-number="item.number">
        <summary>
          <span class="case-line"><strong class="number">{{ item.number }}</strong>
            <span class="tier-chip" :class="item.tier">{{ item.tierName }}</span><span class="state" :class="{ settled: item.isSettled }">{{ item.state }}</span></span>
          <span class="case-subject">{{ item.subject }}</span>
          <span v-if="item.tags.length" class="tags"><span v-for="tag in item.tags" :key="tag" class="chip tag">{{ tag }}</span></span>
          <small>{{ item.outlet }} · {{ words.opened }} {{ moment(item.openedAt) }}<template v-if="item.emotion"> · {{ item.emotion }}</template><template v-if="item.reopenedCount"> · {{ fill(words.reopened, { count: item.reopenedCount }) }}</template></small>
        </summary>

        <section v-if="item.responsible.length" class="responsible">
          <dl><template v-for="line in item.responsible" :key="line.label"><dt>{{ line.label }}</dt><dd>{{ line.text }}</dd></template></dl>
        </section>
        <section v-if="item.followers.length || actsAt(item, 'follow').length" class="followers">
          <p><span>{{ words.followers }}</span> {{ item.followers.join(words.list_comma) || words.nobody_follows }}</p>
          <acts ref="acts" :acts="actsAt(item, 'follow')" :words="words" :done="done" @act="(act, values) => doAct(item, act, values)"></acts>
        </section>
        <acts ref="acts" :acts="actsAt(item, 'case')" :words="words" :done="done" @act="(act, values) => doAct(item, act, values)"></acts>

        <section v-if="item.parent" class="parent">
          <h3>{{ words.parent_case }}</h3>
          <relative :item="item.parent" :words="words" :due="due(item.parent)" :urgency="urgency(item.parent)">
            <acts ref="acts" :acts="actsAt(item, 'parent')" :words="words" :done="done" @act="(act, values) => doAct(item, act, values)"></acts>
          </relative>
        </section>

        <section v-if="item.children.length" class="children">
          <h3>{{ fill(words.child_cases, { open: item.children.filter((child) => !child.isSettled).length, count: item.children.length }) }}</h3>
          <relative v-for="child in item.children" :key="child.number" :item="child" :words="words" :due="due(child)" :urgency="urgency(child)">
            <acts :acts="actsAt(item, 'child:' + child.number)" :words="words" :done="done" @act="(act, values) => doAct(item, act, values)"></acts>
          </relative>
          <acts ref="acts" :acts="actsAt(item, 'children')" :words="words" :done="done" @act="(act, values) => doAct(item, act, values)"></acts>
        </section>

        <section v-if="item.asked.length">
          <h3>{{ words.asked_for }}</h3>
          <article v-for="asked in item.asked" :key="asked.id" class="matter" :class="asked.standing">
            <p><strong>{{ asked.what }}</strong><em>{{ asked.standingName }}</em></p><p class="story">{{ asked.reason }}</p>
            <small>{{ asked.by }} · {{ moment(asked.at) }}<template v-if="asked.note"> · {{ asked.note }}</template></small>
            <acts ref="acts" :acts="actsAt(item, 'approval:' + asked.id)" :words="words" :done="done" @act="(act, values) => doAct(item, act, values)"></acts>
          </article>
        </section>

        <section v-if="item.plans.length">
          <h3>{{ words.plans }}</h3>
          <article v-for="plan in item.plans" :key="plan.id" class="matter" :class="plan.standing">
            <p><strong>{{ plan.by }}</strong><em>{{ plan.standingName }}</em></p><p class="story">{{ plan.text }}</p>
            <small>{{ moment(plan.at) }}<template v-if="plan.note"> · {{ plan.note }}</template></small>
            <acts ref="acts" :acts="actsAt(item, 'plan:' + plan.id)" :words="words" :done="done" @act="(act, values) => doAct(item, act, values)"></acts>
          </article>
        </section>

        <section v-if="item.tasks.length">
          <h3>{{ words.tasks }}</h3>
          <article v-for="task in item.tasks" :key="task.id" class="matter" :class="task.standing">
            <p><strong>{{ task.department }}</strong><em>{{ task.standingName }}</em></p><p class="story">{{ task.text }}</p>
            <p v-if="task.answer" class="story answer">{{ task.answer }}</p>
            <small>{{ task.by }} · {{ words.due }} {{ moment(task.dueAt) }}</small>
            <acts ref="acts" :acts="actsAt(item, 'task:' + task.id)" :words="words" :done="done" @act="(act, values) => doAct(item, act, values)"></acts>
          </article>
        </section>

        <section v-if="item.rechecks.length">
          <h3>{{ words.rechecks }}</h3>
          <article v-for="recheck in item.rechecks" :key="recheck.id" class="matter" :class="recheck.standing">
            <p><strong>{{ moment(recheck.at) }}</strong><em>{{ recheck.standingName }}</em></p><p class="story">{{ recheck.reason }}</p>
            <p v-if="recheck.text" class="story answer">{{ recheck.text }}</p>
          </article>
        </section>

        <section v-if="item.links.length">
          <h3>{{ words.links }}</h3>
          <ul class="links"><li v-for="link in item.links" :key="link.number + link.what"><span>{{ link.what }}</span><a v-if="link.address" :href="link.address">{{ link.number }}</a><span v-else>{{ link.number }}</span></li></ul>
        </section>

        <section v-if="item.repeats.length" class="repeats">
          <h3>{{ words.repeats }}</h3>
          <article v-for="other in item.repeats" :key="other.number" class="matter waiting">
            <p><a :href="other.address">{{ other.number }}</a><em>{{ other.why }}</em></p>
            <small><span class="tier-chip" :class="other.tier">{{ other.tierName }}</span> {{ other.outlet }} · {{ other.state }}</small>
            <acts :acts="actsAt(item, 'repeat:' + other.number)" :words="words" :done="done" @act="(act, values) => doAct(item, act, values)"></acts>
          </article>
        </section>

        <section v-if="item.similar.length" class="similar">
          <details><summary><h3>{{ words.similar }} ({{ item.similar.length }})</h3></summary>
            <article v-for="other in item.similar" :key="other.number" class="matter">
              <p><a :href="other.address">{{ other.number }}</a><em>{{ other.days }}</em></p><p class="story">{{ other.result }}</p>
              <small><span class="tier-chip" :class="other.tier">{{ other.tierName }}</span> {{ other.outlet }}<template v-if="other.rating"> · {{ '★'.repeat(other.rating) }}</template></small>
            </article>
          </details>
        </section>

        <section v-if="item.deadlines.length">
          <h3>{{ words.deadlines }}</h3>
          <ul class="deadlines">
            <li v-for="deadline in item.deadlines" :key="deadline.name + deadline.dueAt" :class="urgency(deadline)">
              <span>{{ deadline.name }}</span><time :title="moment(deadline.dueAt)">{{ countdown(deadline) }}</time>
              <small>{{ moment(deadline.dueAt) }} · {{ deadline.rule }}</small>
            </li>
          </ul>
        </section>

        <section v-if="item.decisions.length">
          <h3>{{ words.why_this_tier }}</h3>
          <div v-for="(decision, place) in item.decisions" :key="place" class="decision" :class="{ former: place > 0 }">
            <p class="decision-line"><span class="tier-chip" :class="decision.tier">{{ decision.previousName ? decision.previousName + ' → ' : '' }}{{ decision.tierName }}</span><small>{{ decision.by }} · {{ moment(decision.at) }}</small></p>
            <ul><li v-for="reason in decision.reasons" :key="reason">{{ reason }}</li></ul>
          </div>
        </section>

        <section v-if="item.signals.length">
          <h3>{{ words.signals }}</h3>
          <ul class="signals"><li v-for="signal in item.signals" :key="signal.name"><span>{{ signal.name }}</span><q v-if="signal.words">{{ signal.words }}</q></li></ul>
        </section>

        <section v-if="item.facts.length">
          <h3>{{ words.facts }}<button v-if="item.mayRevealPhone" type="button" class="reveal" @click="$emit('reveal', 'phone')">{{ words.reveal_phone }}</button></h3>
          <dl class="facts"><template v-for="(fact, place) in item.facts" :key="place"><dt>{{ fact.label }}</dt>
            <dd>{{ fact.text }}<small v-for="earlier in fact.earlier" :key="earlier">{{ earlier }}</small></dd></template></dl>
        </section>

        <section><h3>{{ words.story }}</h3><p class="story">{{ item.story }}</p></section>

        <section>
          <h3>{{ words.learn }}</h3>
          <ol class="steps"><li v-for="(step, place) in item.steps" :key="place" :class="{ done: step.doneAt }">
            <i>{{ step.doneAt ? '✓' : step.letter }}</i><span>{{ step.name }}</span>
            <small>{{ step.doneAt ? step.by + ' · ' + moment(step.doneAt) : words.not_done_yet }}</small></li></ol>
        </section>

        <section v-if="item.result"><h3>{{ words.result }}</h3><p class="story">{{ item.result }}</p><p class="aside">{{ item.answer }}</p></section>
        <section v-if="item.closings.length" class="closings">
          <h3>{{ words.closings }}</h3>
          <article v-for="closing in item.closings" :key="closing.id" class="matter agreed">
            <p><strong>{{ closing.cause }}</strong><em>{{ closing.told }}</em></p><p v-if="closing.rectification" class="story">{{ closing.rectification }}</p>
            <small>{{ moment(closing.at) }}<template v-if="closing.note"> · {{ closing.note }}</template></small>
          </article>
        </section>
        <section v-if="item.comments.length" class="comments">
          <h3>{{ words.comments }}<button v-if="item.mayRevealComments" type="button" class="reveal" @click="$emit('reveal', 'phone')">{{ words.reveal_phone }}</button></h3>
          <article v-for="comment in item.comments" :key="comment.id" class="matter">
            <p><strong>{{ comment.by }}</strong><em>{{ moment(comment.at) }}</em></p><p class="story">{{ comment.text }}</p>
          </article>
        </section>
        <section v-if="item.isSettled || item.rating">
          <h3>{{ words.satisfaction }}</h3>
          <p v-if="item.rating" class="rating"><span class="stars" aria-hidden="true">{{ '★'.repeat(item.rating) }}<i>{{ '★'.repeat(5 - item.rating) }}</i></span>{{ item.ratingText }}</p>
          <p v-else class="aside">{{ words.not_rated }}</p>
          <p v-if="item.ratingComment" class="story">{{ item.ratingComment }}</p>
        </section>

        <section v-if="item.timeline.length">
          <h3>{{ words.timeline }}</h3>
          <ol class="timeline"><li v-for="(step, place) in item.timeline" :key="place"><time>{{ moment(step.at) }}</time><span>{{ step.what }}</span><small>{{ step.by }}</small></li></ol>
        </section>

        <acts ref="acts" class="ending" :acts="actsAt(item, 'end')" :words="words" :done="done" @act="(act, values) => doAct(item, act, values)"></acts>
      </details>
    </aside>
  `,
  props: { words: { type: Object, default: () => window.tingsuDesk.words }, locale: String, cases: Array },
  emits: ["act", "reveal"],
  components: { acts: Acts, relative: Relative },
  data: () => ({ now: Date.now(), done: 0 }),
  mounted() {
    this.clock = setInterval(() => (this.now = Date.now()), 1000);
  },
  unmounted() {
    clearInterval(this.clock);
  },
  methods: {
    fill: (text, values) => window.tingsuDesk.fill(text, values),
    moment(at) {
      return window.tingsuDesk.moment(at, this.locale);
    },
    countdown(deadline) {
      if (deadline.metAt) return `${this.words.met} ${this.moment(deadline.metAt)}`;
      const time = window.tingsuDesk.duration(Math.abs(deadline.dueAt - this.now), this.words);
      return this.fill(deadline.dueAt < this.now ? this.words.overdue : this.words.left, { time });
    },
    /** What a relative owes next. */
    due(relative) {
      return relative.isSettled || !relative.dueAt ? "" : this.countdown(relative);
    },
    urgency(deadline) {
      if (deadline.metAt) return deadline.metAt > deadline.dueAt ? "met late" : "met";
      if (deadline.dueAt < this.now) return "overdue";
      return deadline.dueAt - this.now < 7200000 ? "soon" : "";
    },
    openAct(id, name) {
      const act = this.cases.find((item) => item.id === id)?.acts.find((one) => one.name === name);
      const place = act && this.$refs.acts.find((acts) => acts.acts.includes(act));
      place?.show(act);
    },
    actDone() {
      this.done += 1;
    },
    actsAt: (item, place) => item.acts.filter((act) => act.place === place),
    doAct(item, act, values) {
      this.$emit("act", { id: item.id, act: act.name, target: act.target, values });
    },
  },
};
