'use strict';

// What the server sends each second is drawn into elements that stay, so that what somebody types or reads is left alone.
const HISTORY = 60;
const DATATYPES = ['FP32', 'FP64', 'INT64', 'INT32', 'INT16', 'INT8', 'UINT64', 'UINT32', 'UINT16', 'UINT8', 'BOOL'];
const models = new Map();
const spark = [];
let last = 0;

const id = name => document.querySelector(`[data-id="${name}"]`);

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

function put(element, text, raw) {
  if (element.textContent !== text) element.textContent = text;
  if (raw !== undefined) element.dataset.value = raw === null ? '' : raw;
}

const count = value => (value === null ? '–' : Math.round(value).toLocaleString('en-US'));
const rate = value => (value === null ? '–' : value === 0 ? '0' : value < 10 ? value.toFixed(1) : count(value));

function seconds(value) {
  if (value === null || value === undefined) return '–';
  const ms = value * 1000;
  return ms < 1
    ? `${ms.toFixed(2)} ms`
    : ms < 10
      ? `${ms.toFixed(1)} ms`
      : ms < 1000
        ? `${Math.round(ms)} ms`
        : `${value.toFixed(value < 10 ? 1 : 0)} s`;
}

function bytes(value) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

function draw(svg, values, area) {
  const box = svg.viewBox.baseVal;
  const most = Math.max(...values, 1e-9);
  const points = values.map((value, i) => {
    const x = (box.width * (i + HISTORY - values.length)) / (HISTORY - 1);
    const y = box.height - 1 - ((box.height - 4) * value) / most;
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  const paths = svg.querySelectorAll('path');
  const line = paths.length ? paths[paths.length - 1] : svg.appendChild(document.createElementNS('http://www.w3.org/2000/svg', 'path'));
  line.setAttribute('d', points.length > 1 ? `M${points.join('L')}` : '');
  if (area) {
    const fill = paths.length > 1 ? paths[0] : svg.insertBefore(document.createElementNS('http://www.w3.org/2000/svg', 'path'), line);
    fill.setAttribute('class', 'area');
    fill.setAttribute(
      'd',
      points.length > 1 ? `M${points[0].split(',')[0]},${box.height}L${points.join('L')}L${box.width},${box.height}Z` : '',
    );
  }
}

function remember(values, value) {
  values.push(value ?? 0);
  if (values.length > HISTORY) values.shift();
}

function bar(element, parts, total) {
  while (element.children.length < parts.length) element.append(make('span'));
  parts.forEach(([name, value, title], i) => {
    const part = element.children[i];
    part.className = name;
    part.style.width = `${total > 0 ? (100 * value) / total : 0}%`;
    part.title = title ?? '';
  });
}

function show(status) {
  const self = status.nodes.find(node => node.self);
  put(id('where'), [self?.address, `version ${status.version}`].filter(Boolean).join(' · '));
  showTotals(status);
  showModels(status.models);
  showStore(status.store);
  showNodes(status.nodes);
}

function showTotals({ total, process, store, window }) {
  put(id('callRate'), rate(total.callRate), total.callRate);
  put(id('calls'), count(total.calls), total.calls);
  put(id('p50'), seconds(total.duration.p50), total.duration.p50);
  put(id('p99'), seconds(total.duration.p99), total.duration.p99);
  put(id('window'), window === null ? 'since the start' : 'last minute');
  put(id('pending'), count(total.pending), total.pending);
  put(id('queue99'), seconds(total.queue.p99), total.queue.p99);
  put(id('failed'), count(total.failed), total.failed);
  id('failed').className = total.failedRate > 0 ? 'bad' : '';
  put(id('failedRate'), rate(total.failedRate), total.failedRate);
  put(id('process'), bytes(process.bytes), process.bytes);
  put(id('requests'), count(process.requests), process.requests);
  id('requests').title = `${count(process.connections)} open connections`;
  remember(spark, total.callRate);
  draw(id('callSpark'), spark, true);
  if (store) {
    put(id('live-bytes'), bytes(store.live), store.live);
    // Segments have some bytes besides the blocks.
    const unshared = Math.max(store.unshared, store.live);
    put(id('unshared'), `${bytes(unshared)} without sharing`, store.unshared);
    bar(id('sharingBar'), [['accent', store.live]], unshared);
  }
}

function showModels(list) {
  put(id('modelCount'), list.length ? `${list.length}` : '');
  id('noModels').hidden = list.length > 0;
  const seen = new Set();
  let before = id('models').querySelector('.head');
  for (const model of list) {
    const key = `${model.name}@${model.version}`;
    seen.add(key);
    const view = models.get(key) ?? new ModelView(model);
    models.set(key, view);
    view.show(model);
    if (before.nextElementSibling !== view.element) before.after(view.element);
    before = view.element;
  }
  for (const [key, view] of models) {
    if (!seen.has(key)) {
      view.element.remove();
      models.delete(key);
    }
  }
}

class ModelView {
  constructor({ name, version }) {
    this.name = name;
    this.version = version;
    this.rates = [];
    const cell = (figure, label) => make('span', { 'data-figure': figure, 'data-label': label });
    this.cells = {
      state: make('span', {}),
      actors: cell('actors', 'Actors'),
      rate: make('span', { 'data-figure': 'callRate' }),
      p50: cell('p50', 'p50'),
      p99: cell('p99', 'p99'),
      pending: cell('pending', 'Queue'),
      calls: cell('calls', 'Calls'),
      failed: cell('failed', 'Errors'),
      batch: cell('batch', 'Rows a batch'),
      weights: cell('weights', 'Weights'),
    };
    this.line = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    this.line.setAttribute('viewBox', '0 0 56 18');
    this.line.setAttribute('preserveAspectRatio', 'none');
    this.line.setAttribute('class', 'line');
    this.row = make(
      'button',
      { class: 'row', type: 'button', 'aria-expanded': 'false' },
      make('span', { class: 'name' }, name, make('small', {}, `version ${version}`)),
      this.cells.state,
      this.cells.actors,
      make('span', { class: 'rate', 'data-label': 'Calls/s' }, this.line, this.cells.rate),
      this.cells.p50,
      this.cells.p99,
      this.cells.pending,
      this.cells.calls,
      this.cells.failed,
      this.cells.batch,
      this.cells.weights,
    );
    this.problem = make('p', { class: 'problem', hidden: '' });
    this.element = make('div', { class: 'model', 'data-model': name, 'data-version': version }, this.row, this.problem);
    this.row.addEventListener('click', () => this.toggle());
  }

  toggle() {
    if (!this.more) {
      this.more = new Details(this.name, this.version);
      this.more.element.hidden = true;
      this.element.append(this.more.element);
    }
    this.more.element.hidden = !this.more.element.hidden;
    this.row.setAttribute('aria-expanded', `${!this.more.element.hidden}`);
    this.more.show(this.model);
  }

  show(model) {
    this.model = model;
    const { figures } = model;
    const cells = this.cells;
    put(cells.state, model.state);
    cells.state.className = `state ${model.state}`;
    put(cells.actors, model.loading ? `${model.ready} of ${model.ready + model.loading}` : count(model.ready), model.ready);
    put(cells.rate, rate(figures.callRate), figures.callRate);
    put(cells.p50, seconds(figures.duration.p50), figures.duration.p50);
    put(cells.p99, seconds(figures.duration.p99), figures.duration.p99);
    put(cells.pending, count(figures.pending), figures.pending);
    put(cells.calls, count(figures.calls), figures.calls);
    put(cells.failed, count(figures.failed), figures.failed);
    cells.failed.classList.toggle('bad', figures.failed > 0);
    const batches = model.batches.reduce((sum, [, n]) => sum + n, 0);
    put(cells.batch, batches ? (figures.batchRows / batches).toFixed(1) : '–', batches ? figures.batchRows / batches : null);
    put(cells.weights, bytes(model.own + model.shared), model.own + model.shared);
    cells.weights.title = `${bytes(model.shared)} of it shared with other models`;
    for (const cell of [cells.actors, cells.pending, cells.calls, cells.failed]) cell.classList.toggle('zero', cell.textContent === '0');
    put(this.problem, model.error ?? '');
    this.problem.hidden = !model.error;
    remember(this.rates, figures.callRate);
    draw(this.line, this.rates);
    if (this.more && !this.more.element.hidden) this.more.show(model);
  }
}

class Details {
  constructor(name, version) {
    this.times = make('tbody');
    this.bars = make('div', { class: 'bars' });
    this.noBars = make('small', {}, 'Calls are not joined.');
    this.errors = make('table');
    this.element = make(
      'div',
      { class: 'more' },
      make(
        'div',
        {},
        make('h3', {}, 'Where the time goes'),
        make('table', {}, make('thead', {}, make('tr', {}, make('th'), make('td', {}, 'p50'), make('td', {}, 'p99'))), this.times),
      ),
      make('div', {}, make('h3', {}, 'Batches by rows'), this.bars, this.noBars),
      make('div', {}, make('h3', {}, 'Since the start'), this.errors),
      new Trial(name, version).element,
    );
  }

  show({ figures, batches, errors, capacity, own, shared, replicas }) {
    this.times.replaceChildren(
      ...[
        ['call', figures.duration],
        ['queue', figures.queue],
        ['model', figures.compute],
      ].map(([name, times]) =>
        make('tr', {}, make('th', {}, name), make('td', {}, seconds(times.p50)), make('td', {}, seconds(times.p99))),
      ),
    );
    const used = batches.some(([, n]) => n > 0) ? batches.slice(0, batches.findLastIndex(([, n]) => n > 0) + 1) : [];
    const most = Math.max(...used.map(([, n]) => n), 1);
    this.bars.hidden = used.length === 0;
    this.noBars.hidden = used.length > 0;
    this.bars.replaceChildren(
      ...used.map(([bound, n]) => {
        const part = make('span', { title: `${count(n)} batches` });
        part.style.height = `${Math.round((58 * n) / most)}px`;
        return make('div', {}, part, bound === null ? 'more' : `${bound}`);
      }),
    );
    const lines = [
      ['rows', count(figures.rows)],
      ['tensors in and out', bytes(figures.bytes)],
      ['queue takes', capacity === null ? '–' : count(capacity)],
      ['weights of its own', bytes(own)],
      ['weights shared with others', bytes(shared)],
      ...Object.entries(errors).map(([kind, n]) => [kind, count(n), 'bad']),
      ...replicas.map(({ node, ready }) => [`actors of ${node}`, count(ready)]),
    ];
    this.errors.replaceChildren(
      ...lines.map(([name, value, kind]) => make('tr', {}, make('th', {}, name), make('td', { class: kind }, value))),
    );
  }
}

class Trial {
  constructor(name, version) {
    this.path = `/v2/models/${encodeURIComponent(name)}/versions/${encodeURIComponent(version)}`;
    this.fields = make('div', { class: 'fields' });
    this.button = make('button', { class: 'go', type: 'submit' }, 'Call');
    this.took = make('small');
    this.answer = make('pre', { hidden: '', tabindex: '0' });
    const form = make(
      'form',
      { class: 'try' },
      make('h3', {}, 'Try it'),
      this.fields,
      make('div', { class: 'send' }, this.button, this.took),
      this.answer,
    );
    form.addEventListener('submit', event => {
      event.preventDefault();
      this.call();
    });
    this.element = form;
    this.load();
  }

  async load() {
    try {
      const reply = await fetch(this.path);
      const json = await reply.json();
      if (!reply.ok) throw new Error(json.error);
      this.inputs = json.inputs.map(input => this.field(input));
    } catch (error) {
      this.button.disabled = true;
      put(this.took, `The model's inputs are not known: ${error.message}`);
    }
  }

  field({ name, datatype, shape, parameters = {} }) {
    const isText = datatype === 'BYTES';
    const sent = make('input', { type: 'checkbox', checked: parameters.optional ? null : '' });
    const sizes = make('input', {
      type: 'text',
      'aria-label': `Shape of ${name}`,
      value: `[${shape.map(size => (size < 0 ? 1 : size)).join(', ')}]`,
    });
    const data = make('textarea', {
      'aria-label': `Values of ${name}`,
      spellcheck: 'false',
      placeholder: isText ? 'text' : 'JSON numbers; nothing: zeros',
    });
    const types = parameters.any_datatype
      ? make('select', { 'aria-label': `Datatype of ${name}` }, ...DATATYPES.map(type => make('option', {}, type)))
      : null;
    const isHalf = datatype === 'FP16' || datatype === 'BF16';
    this.fields.append(
      make(
        'div',
        { class: 'field' },
        make(
          'label',
          {},
          parameters.optional ? sent : '',
          make('b', {}, name),
          make('span', {}, ` ${types ? 'any' : datatype} [${parameters.any_shape ? 'any shape' : shape.join(', ')}]`),
        ),
        isHalf ? make('small', {}, 'Such numbers are sent as binary data alone, which this form does not.') : '',
        types ?? '',
        isText ? '' : sizes,
        data,
      ),
    );
    return () => {
      if (parameters.optional && !sent.checked) return null;
      if (isText) return { name, datatype, shape: [1], data: [data.value] };
      const size = JSON.parse(sizes.value);
      const type = types ? types.value : datatype;
      const zero = type === 'BOOL' ? false : 0;
      return {
        name,
        datatype: type,
        shape: size,
        data: data.value.trim() ? JSON.parse(data.value) : Array(size.reduce((a, b) => a * b, 1)).fill(zero),
      };
    };
  }

  async call() {
    this.button.disabled = true;
    put(this.took, '');
    const from = performance.now();
    try {
      const body = JSON.stringify({ inputs: this.inputs.map(input => input()).filter(Boolean) });
      const reply = await fetch(`${this.path}/infer`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
      const json = await reply.json();
      put(this.took, `${reply.status} in ${Math.round(performance.now() - from)} ms`);
      put(this.answer, reply.ok ? json.outputs.map(written).join('\n') : json.error);
      this.answer.className = reply.ok ? '' : 'bad';
    } catch (error) {
      put(this.answer, error.message);
      this.answer.className = 'bad';
    }
    this.answer.hidden = false;
    this.button.disabled = false;
  }
}

function written({ name, datatype, shape, data }) {
  const values = data
    .slice(0, 200)
    .map(value => JSON.stringify(value))
    .join(', ');
  return `${name} ${datatype} [${shape.join(', ')}]\n[${values}${data.length > 200 ? `, … ${count(data.length - 200)} more` : ''}]`;
}

function showStore(store) {
  id('noStore').hidden = store !== null;
  if (!store) return;
  put(id('storeDirectory'), `${store.directory} · ${count(store.blocks)} blocks · ${count(store.leases)} leases`);
  const parts = [
    ['shared', 'models', store.live],
    ['dead', 'dead', store.dead],
    ['temporary', 'puts under way', store.temporary],
    ['free', 'free', store.free],
  ];
  const total = parts.reduce((sum, [, , value]) => sum + value, 0);
  bar(
    id('storeBar'),
    parts.map(([kind, name, value]) => [kind, value, `${name}: ${bytes(value)}`]),
    total,
  );
  const legend = id('storeLegend');
  legend.replaceChildren(
    ...parts.map(([kind, name, value]) =>
      make('li', { 'data-state': name, 'data-value': value }, make('i', { class: kind }), `${name} `, make('b', {}, bytes(value))),
    ),
  );
  const most = Math.max(...store.models.map(model => model.own + model.shared), 1);
  id('blocks').replaceChildren(
    ...store.models.map(model => {
      const line = make('div', { class: 'bar' });
      bar(
        line,
        [
          ['own', model.own, `its own: ${bytes(model.own)}`],
          ['shared', model.shared, `shared with other models: ${bytes(model.shared)}`],
        ],
        most,
      );
      const shared = model.sharedBlocks ? `${count(model.sharedBlocks)} of ${count(model.blocks)} shared` : `${count(model.blocks)} blocks`;
      return make(
        'div',
        { class: 'block' },
        make('span', {}, model.name),
        line,
        make('span', {}, `${bytes(model.own + model.shared)} · ${shared}`),
      );
    }),
  );
}

function showNodes(nodes) {
  put(id('nodeCount'), nodes.length ? `${nodes.length}` : '');
  id('nodes').replaceChildren(
    ...(nodes.length
      ? nodes.map(node =>
          make(
            'div',
            { class: 'node' },
            make('b', {}, node.address),
            make('span', { class: `state ${node.state}` }, node.state),
            make('small', {}, [node.self ? 'this node' : '', node.roles].filter(Boolean).join(' · '), ...link(node.http)),
          ),
        )
      : [make('small', {}, 'This process is in no cluster.')]),
  );
}

function link(address) {
  // An address comes from another node: only what is one is a link.
  return address && /^https?:\/\//.test(address) ? [' · ', make('a', { href: address, rel: 'noreferrer' }, address)] : [];
}

function live(text, kind) {
  put(id('live'), text);
  id('live').className = `live ${kind}`;
  document.body.classList.toggle('stale', kind === 'off');
}

const events = new EventSource('/status/events');
events.addEventListener('message', event => {
  last = Date.now();
  live('live', 'on');
  show(JSON.parse(event.data));
});
events.addEventListener('error', () => {
  live('no answer', 'off');
  // Refused, as where there are too many readers: the browser gives up by itself.
  if (events.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 10000);
});
setInterval(() => {
  const age = Math.round((Date.now() - last) / 1000);
  if (last && age > 5) live(`${age} s old`, 'off');
}, 1000);
