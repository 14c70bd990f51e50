
'use strict';
(() => {
  const formats = {
    loss: x => x.toFixed(4),
    share: x => (100 * x).toFixed(2) + ' %',
    rate: x => (x < 10 ? x.toFixed(1) : Math.round(x).toLocaleString('en-US')) + ' images/s',
    number: x => String(+x.toPrecision(4)),
  };

  // Charts: the values of an epoch, under the pointer or by the arrow keys.
  const epochsOf = plot => plot.dataset.epochs.split(' ');
  const xOf = plot => plot.dataset.x.split(' ').map(Number);

  function show(plot, index) {
    const epochs = epochsOf(plot);
    const tip = plot.querySelector('.tip');
    const cross = plot.querySelector('.cross');
    const at = xOf(plot)[index];
    plot.dataset.shown = index;
    tip.replaceChildren();
    const title = document.createElement('div');
    title.textContent = 'epoch ' + epochs[index];
    tip.append(title);
    for (const curve of plot.querySelectorAll('.curve')) {
      const text = curve.dataset.values.split(' ')[index];
      if (text === '-') continue;
      const value = Number(text);
      const row = document.createElement('div');
      row.className = 'key ' + curve.getAttribute('class').split(' ')[1];
      row.textContent = curve.dataset.name + ' ' + (isFinite(value) ? formats[plot.dataset.format](value) : text);
      const line = document.createElement('div');
      line.append(row);
      tip.append(line);
    }
    tip.className = 'tip ' + (at < 50 ? 'right' : 'left');
    tip.hidden = false;
    cross.setAttribute('x1', at + '%');
    cross.setAttribute('x2', at + '%');
    cross.classList.add('on');
  }

  function hide(plot) {
    plot.querySelector('.tip').hidden = true;
    plot.querySelector('.cross').classList.remove('on');
  }

  function follow(event) {
    const plot = event.target.closest && event.target.closest('.plot');
    for (const other of document.querySelectorAll('.plot'))
      if (other !== plot && other !== document.activeElement) hide(other);
    if (!plot) return;
    const box = plot.querySelector('svg').getBoundingClientRect();
    const share = 100 * (event.clientX - box.left) / box.width;
    const xs = xOf(plot);
    let nearest = 0;
    for (let i = 1; i < xs.length; i++)
      if (Math.abs(xs[i] - share) < Math.abs(xs[nearest] - share)) nearest = i;
    show(plot, nearest);
  }

  document.addEventListener('pointermove', follow);
  document.addEventListener('pointerdown', follow);
  document.addEventListener('focusin', event => {
    const plot = event.target.closest('.plot');
    if (plot && plot.querySelector('.tip').hidden) show(plot, epochsOf(plot).length - 1);
  });
  document.addEventListener('focusout', event => {
    const plot = event.target.closest('.plot');
    if (plot) hide(plot);
  });
  document.addEventListener('keydown', event => {
    const plot = event.target.closest('.plot');
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!plot || !step) return;
    event.preventDefault();
    const last = epochsOf(plot).length - 1;
    show(plot, Math.max(0, Math.min(last, Number(plot.dataset.shown || 0) + step)));
  });

  // What a page that is printed would hide.
  addEventListener('beforeprint', () => {
    for (const part of document.querySelectorAll('details')) part.open = true;
  });

  if (!document.querySelector('[data-live]')) return;

  // A run that is served: its steps and epochs as they come, and the buttons.
  const part = name => document.getElementById('live-' + name);
  const count = n => n.toLocaleString('en-US');
  const states = {
    waiting: 'starting', training: 'training', pausing: 'pausing after this step', paused: 'paused',
    evaluating: 'evaluating', stopping: 'stopping', ended: 'ended',
  };
  let ended = false;

  function time(seconds) {
    if (seconds < 60) return seconds.toFixed(0) + ' s';
    const two = n => String(Math.floor(n)).padStart(2, '0');
    const hours = Math.floor(seconds / 3600);
    return (hours ? hours + ':' + two(seconds / 60 % 60) : Math.floor(seconds / 60)) + ':' + two(seconds % 60);
  }

  function display(progress) {
    const values = {
      epoch: progress.epoch ? count(progress.epoch) + ' of ' + count(progress.epochs) : null,
      step: progress.epoch ? count(progress.step) + ' of ' + count(progress.steps) : null,
      loss: progress.loss === null ? null : formats.loss(progress.loss),
      accuracy: progress.accuracy === null ? null : formats.share(progress.accuracy),
      rate: progress.rate === null ? null : count(Math.round(progress.rate)),
      left: progress.left === null ? null : time(progress.left),
    };
    for (const [name, text] of Object.entries(values)) part(name).textContent = text ?? '–';
    part('bar').max = progress.steps;
    part('bar').value = progress.step;
    part('state').textContent = states[progress.state] +
      (progress.state === 'evaluating' && progress.items ? ' ' + count(progress.done) + ' of ' + count(progress.items) : '');
    const busy = ['waiting', 'training', 'evaluating'].includes(progress.state);
    part('pause').disabled = !busy;
    part('resume').disabled = !['pausing', 'paused'].includes(progress.state);
    part('stop').disabled = ['stopping', 'ended'].includes(progress.state);
    part('hint').textContent = progress.hint || '';
    if (progress.state !== 'ended') return;
    ended = true;
    refresh().finally(() => events.close());
  }

  async function refresh() {
    const answer = await fetch('report', { cache: 'no-store' });
    if (!answer.ok) return;
    const chosen = [...document.querySelectorAll('.choice:checked')].map(choice => choice.id);
    const open = !!document.querySelector('details[open]');
    document.querySelector('main').outerHTML = await answer.text();
    for (const id of chosen) if (document.getElementById(id)) document.getElementById(id).checked = true;
    for (const details of document.querySelectorAll('details')) details.open = open;
  }

  const events = new EventSource('events');
  events.addEventListener('progress', event => display(JSON.parse(event.data)));
  events.addEventListener('report', refresh);
  events.onerror = () => {
    if (ended) return;
    part('state').textContent = 'no connection';
    for (const name of ['pause', 'resume', 'stop']) part(name).disabled = true;
  };
  for (const button of document.querySelectorAll('[data-action]'))
    button.addEventListener('click', () => {
      if (button.dataset.action === 'stop' && !confirm('Stop the training? It writes a checkpoint and can be resumed.'))
        return;
      fetch(button.dataset.action, { method: 'POST' }).catch(() => {});
    });
})();
