// What the server is asked. Paths are relative: the page's own address holds the token.

async function answered(response) {
  if (response.status === 204) return null;
  const isJson = (response.headers.get("content-type") || "").includes("json");
  const content = isJson ? await response.json() : { error: (await response.text()).trim() };
  if (!response.ok) throw new Error(content.error || `error ${response.status}`);
  return content;
}

async function asked(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error("contrage serve does not answer: it has ended, or what was sent is too large");
  }
  return answered(response);
}

export const model = () => asked("model");
export const scans = () => asked("scans");
export const remove = (number) => asked(`scans/${number}`, { method: "DELETE" });

// Files are {file, kind}; `known` and `volume` are text, empty where nothing was typed.
export function send(files, { known, volume }) {
  const form = new FormData();
  form.append("known", known || "");
  form.append("volume", volume || "");
  for (const { file, kind } of files) form.append(kind || "file", file, file.name);
  return asked("scans", { method: "POST", body: form });
}
