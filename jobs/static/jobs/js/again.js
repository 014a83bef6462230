// On the page that says "not now": look every 5 seconds whether it is over.

setInterval(async () => {
  const response = await fetch(location.href, { method: "HEAD", cache: "no-store" }).catch(() => null);
  if (response && response.status < 500) location.reload();
}, 5000);
