// Loads the page again, while somebody is looking: what it waits for is being made.
setTimeout(() => { if (!document.hidden) location.reload(); }, 2500);
document.addEventListener("visibilitychange", () => { if (!document.hidden) location.reload(); });
