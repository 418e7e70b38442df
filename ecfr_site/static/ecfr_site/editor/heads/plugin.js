/* Tables: the first row holds the heads unless the editor says otherwise, since a table
   without heads cannot be followed by ear. */
CKEDITOR.on("dialogDefinition", ({ data: { name, definition } }) => {
  if (name !== "table") return;
  definition.getContents("info").get("selHeaders").default = "row";
});

CKEDITOR.plugins.add("heads", { requires: "table" });
