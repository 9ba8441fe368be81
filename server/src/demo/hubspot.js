// What a site with a sign-in does for HubSpot's chat by Parlor. The calls wait until Parlor's loader has arrived.
window.Parlor = window.Parlor || function () { (Parlor.q = Parlor.q || []).push(arguments); };

// Asks the site's own server to prove who is signed in. Parlor asks again when HubSpot's token is about to end.
const proof = async () => {
  const answer = await fetch("/proof");
  if (!answer.ok) throw new Error(`/proof answers ${answer.status}`);
  return answer.text();
};

document.addEventListener("DOMContentLoaded", () => {
  const [signIn, signOut, who] = ["sign-in", "sign-out", "who"].map((id) => document.getElementById(id));
  const show = (isSignedIn, text) => {
    signIn.disabled = isSignedIn;
    signOut.disabled = !isSignedIn;
    who.textContent = text;
  };
  signIn.addEventListener("click", () => {
    show(true, "Ada Lovelace is signed in.");
    Parlor("identify", { token: proof });
  });
  signOut.addEventListener("click", () => {
    show(false, "Nobody is signed in.");
    Parlor("reset");
  });
  Parlor("on", { event: "identified", handler: ({ email }) => show(true, `Ada Lovelace is signed in; the chat knows her as ${email}.`) });
  Parlor("on", { event: "error", handler: ({ message }) => show(true, `Ada Lovelace is signed in; the chat does not know her: ${message}`) });
});
