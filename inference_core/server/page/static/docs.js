// Shows the API's description with Swagger UI, from this server alone.

const dark = window.matchMedia("(prefers-color-scheme: dark)");
const followTheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", followTheme);
followTheme();

async function show() {
  const response = await fetch("openapi.json");
  if (!response.ok) throw new Error(`openapi.json cannot be read: the server answered ${response.status}`);
  const spec = await response.json();
  // Below a prefix that a proxy takes away, requests start where this page is.
  spec.servers ??= [{ url: new URL(".", window.location.href).href.replace(/\/$/, "") }];
  window.SwaggerUIBundle({
    spec,
    dom_id: "#docs",
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    filter: true,
    tryItOutEnabled: true,
    validatorUrl: null,
  });
}

show().catch((error) => {
  document.querySelector("#docs .note").textContent = error.message;
});
