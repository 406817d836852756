'use strict';
// Asks for the page again and again while somebody looks at it, and makes this one like it.
(() => {
  const pause = 2000, longestPause = 30000, patience = 10000;
  const live = document.getElementById('live');
  let delay = pause, timer = 0, isAsking = false, lostSince = null;

  const keyOf = node => node.nodeType === Node.ELEMENT_NODE ? node.id : '';
  // Whoever opened a list wants it to stay open.
  const isReaders = (node, name) => name === 'open' && node.nodeName === 'DETAILS';
  const fits = (node, next) => node !== null && node.nodeName === next.nodeName && keyOf(node) === keyOf(next);

  // What is the same stays the same node, and with it focus, selection and place.
  function follow(node, next) {
    if (node === live) return;
    if (node.nodeType !== Node.ELEMENT_NODE) {
      if (node.nodeValue !== next.nodeValue) node.nodeValue = next.nodeValue;
      return;
    }
    for (const { name } of [...node.attributes])
      if (!next.hasAttribute(name) && !isReaders(node, name)) node.removeAttribute(name);
    for (const { name, value } of next.attributes)
      if (node.getAttribute(name) !== value && !isReaders(node, name)) node.setAttribute(name, value);
    let at = node.firstChild;
    const drop = () => { const gone = at; at = at.nextSibling; gone.remove(); };
    for (const wanted of [...next.childNodes]) {
      const key = keyOf(wanted);
      const known = key ? [...node.children].find(child => child.id === key) : null;
      if (known) while (at !== null && at !== known) drop();
      if (fits(at, wanted)) {
        follow(at, wanted);
        at = at.nextSibling;
      } else {
        node.insertBefore(document.importNode(wanted, true), at);
      }
    }
    while (at !== null) drop();
  }

  function arrived(next) {
    // A service of another version has another script.
    if (next.querySelector('script').textContent !== document.querySelector('script').textContent) {
      location.reload();
      return;
    }
    for (const part of ['header', 'main', 'footer'])
      follow(document.querySelector(part), next.querySelector(part));
    if (document.title !== next.title) document.title = next.title;
    lostSince = null;
    delay = pause;
    tell();
  }

  function lost() {
    lostSince ??= new Date();
    delay = Math.min(delay * 2, longestPause);
    tell();
  }

  function tell() {
    document.documentElement.classList.toggle('lost', lostSince !== null);
    const text = lostSince === null ? ', updating itself'
      : `. The service has not answered since ${lostSince.toISOString().slice(11, 19)} UTC: this may be out of date`;
    if (live.textContent !== text) live.textContent = text;
  }

  function ask() {
    timer = 0;
    isAsking = true;
    const request = new XMLHttpRequest();
    request.open('GET', location.pathname);
    request.responseType = 'document';
    request.timeout = patience;
    request.onload = () => request.status === 200 && request.responseXML ? arrived(request.responseXML) : lost();
    request.onerror = request.ontimeout = lost;
    request.onloadend = () => { isAsking = false; later(); };
    request.send();
  }

  function later() {
    if (timer === 0 && !isAsking && !document.hidden) timer = setTimeout(ask, delay);
  }

  document.addEventListener('visibilitychange', () => {
    clearTimeout(timer);
    timer = 0;
    if (!document.hidden && !isAsking) ask();
  });
  live.hidden = false;
  tell();
  later();
})();
