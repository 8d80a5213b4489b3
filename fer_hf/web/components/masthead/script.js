export default function ({ props }) {
  document.documentElement.lang = props.language;
  document.title = props.title;
}
