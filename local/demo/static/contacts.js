// The import step: reads a chosen file into the text area, and offers sample rows.

const MAX_FILE_BYTES = 200 * 1024;

const SAMPLE = `name,email,stage
Ada Birk,ada@brightkiln.example,won
Bo Castell,bo@brightkiln.example,proposal
Cleo Dahl,cleo@brightkiln.example,lead
Dag Ekman,dag@fernhollow.example,qualified
Eli Faber,eli@fernhollow.example,proposal
Fay Greer,fay@fernhollow.example,won
Gus Holt,gus@fernhollow.example,lead
Hana Ilves,hana@saltmarsh.example,lead
Ivo Jansky,ivo@saltmarsh.example,qualified
June Kerr,june@saltmarsh.example,lead
Kai Lund,kai@saltmarsh.example,proposal
Lena Moss,lena@saltmarsh.example,lead
Milo Nash,milo@copperlane.example,qualified
Nora Oake,nora@copperlane.example,won
Otis Pell,otis@copperlane.example,lead
Pia Quist,pia@windrose.example,qualified
Rolf Stone,rolf@windrose.example,lead
Suri Thorn,suri@windrose.example,lead
`;

/** Make the file input and the sample button fill the text area. */
export function wireContacts(view) {
  const text = view.querySelector("#contacts-text");
  const file = view.querySelector("#contacts-file");
  view.querySelector("#use-sample-contacts").addEventListener("click", () => fill(text, SAMPLE));
  file.addEventListener("change", async () => {
    const [chosen] = file.files;
    file.setCustomValidity(chosen?.size > MAX_FILE_BYTES ? "This file is larger than 200 KB." : "");
    if (file.reportValidity() && chosen) fill(text, await chosen.text());
  });
}

function fill(text, value) {
  text.value = value;
  text.dispatchEvent(new Event("input", { bubbles: true }));
  text.dispatchEvent(new Event("change", { bubbles: true }));
}
