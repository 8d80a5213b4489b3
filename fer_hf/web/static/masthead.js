// Gradio's page always says that it is English; which language it is in stands in the masthead.
const { lang, title } = element.querySelector(".masthead").dataset;
document.documentElement.lang = lang;
document.title = title;
