// Swagger UI over the description that the emulator serves, whose server is the emulator itself.
SwaggerUIBundle({
  url: "/openapi.yaml",
  dom_id: "#explorer",
  // Every operation is there to be tried: nothing that it does costs anything.
  tryItOutEnabled: true,
  // The management key is forgotten with the page.
  persistAuthorization: false,
  // Another server would be asked whether the description is valid.
  validatorUrl: null,
  displayOperationId: true,
  // The schemas are shown where they are used; their list is closed.
  defaultModelsExpandDepth: 0,
  deepLinking: true,
});

// Swagger UI has dark colours, and leaves it to the page when they are shown.
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();
