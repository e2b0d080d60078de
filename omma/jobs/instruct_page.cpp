#include "omma/jobs/instruct_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "omma/base/base64.h"
#include "omma/io/image_file.h"
#include "omma/vision/resize.h"

namespace omma {
namespace {

constexpr int picture_side = 256;  // pixels at most

constexpr std::string_view head = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Instruction data</title><style>
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1rem; margin: 0 0 .3rem; font-weight: 600; }
table { border-collapse: collapse; margin: 1rem 0; } th, td { padding: .2rem .9rem .2rem 0; text-align: right; }
th:first-child, td:first-child { text-align: left; }
article { display: grid; grid-template-columns: 16rem 1fr; gap: 1.2rem; padding: 1.2rem 0; border-top: 1px solid #8884; }
article img { width: 100%; border-radius: 6px; image-rendering: auto; } figcaption { color: #777; font-size: .85em; overflow-wrap: anywhere; }
figure { margin: 0; } section { margin-bottom: 1rem; }
dl { margin: 0; } dt { font-weight: 500; margin-top: .4rem; } dd { margin: 0 0 0 1rem; }
dt, dd, pre { overflow-wrap: anywhere; white-space: pre-wrap; }
.refused { border-left: 3px solid #c42b2b; padding-left: .7rem; margin: .5rem 0; } .refused b { color: #c42b2b; }
details { margin-top: .3rem; color: #777; } pre { font-size: .8em; background: #8881; padding: .6rem; border-radius: 6px; }
@media (max-width: 45rem) { article { grid-template-columns: 1fr; } }
</style></head><body>
)";

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    if (c == '&')
      safe += "&amp;";
    else if (c == '<')
      safe += "&lt;";
    else if (c == '>')
      safe += "&gt;";
    else if (c == '"')
      safe += "&quot;";
    else if (c == '\n' || static_cast<unsigned char>(c) >= 0x20)
      safe += c;
  }
  return safe;
}

std::string picture_of(std::size_t index, const std::function<Image(std::size_t)>& image_of) {
  try {
    const Image image = image_of(index);
    const double scale = std::min(1.0, static_cast<double>(picture_side) / std::max(image.width, image.height));
    const auto side = [&](int pixels) { return std::max(1, static_cast<int>(pixels * scale)); };
    const Image small = scale < 1 ? resize(image, side(image.width), side(image.height), Resample::bicubic) : image;
    const std::vector<std::uint8_t> file = encode_jpeg(small);
    const std::string_view bytes(reinterpret_cast<const char*>(file.data()), file.size());
    return fmt::format("<img alt=\"\" src=\"data:image/jpeg;base64,{}\">", to_base64(bytes));
  } catch (const std::invalid_argument& error) {
    return fmt::format("<p>{}</p>", escaped(error.what()));
  }
}

std::string list_of(const std::vector<InstructionRound>& rounds) {
  std::string text = "<dl>";
  for (const InstructionRound& round : rounds)
    text += fmt::format("<dt>{}</dt><dd>{}</dd>", escaped(round.question), escaped(round.answer));
  return text + "</dl>";
}

std::string section_of(const InstructRecord& record) {
  std::string text = fmt::format("<section><h2>{}</h2>", name_of(record.kind));
  if (!record.fault.empty()) text += fmt::format("<div class=\"refused\"><b>no reply</b> {}</div>", escaped(record.fault));
  if (!record.checked.rounds.empty()) text += list_of(record.checked.rounds);
  for (const RefusedRound& refused : record.checked.refused)
    text += fmt::format("<div class=\"refused\"><b>refused: {}</b> {}{}</div>", escaped(refused.reason), escaped(refused.why),
                        list_of({refused.round}));
  text += fmt::format("<details><summary>what the teacher knew and said</summary><pre>{}</pre><pre>{}</pre></details>",
                      escaped(record.prompt), escaped(record.reply ? record.reply->text : ""));
  return text + "</section>";
}

std::string figures_of(const json& figures) {
  const auto number = [](const json& value) { return value.dump(); };
  std::string text = fmt::format(
      "<h1>Instruction data</h1><p>{} pictures, {} samples with {} rounds; {} rounds refused, {} questions "
      "without a reply. {} prompt tokens, {} tokens. Facts that could be judged: {} true, {} false, {} "
      "undecided.</p>",
      number(figures["pictures"]), number(figures["samples"]), number(figures["rounds"]), number(figures["refused"]["total"]),
      number(figures["faults"]["total"]), number(figures["prompt_tokens"]), number(figures["tokens"]),
      number(figures["facts"]["true"]), number(figures["facts"]["false"]), number(figures["facts"]["undecided"]));
  text += "<table><tr><th>kind</th><th>replies</th><th>samples</th><th>rounds</th><th>refused</th><th>no reply</th></tr>";
  for (const auto& [kind, of] : figures["kinds"].items())
    text += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", kind, number(of["requests"]),
                        number(of["samples"]), number(of["rounds"]), number(of["refused"]), number(of["faults"]));
  text += "</table>";
  if (figures["refused"]["reasons"].empty()) return text;
  text += "<table><tr><th>refused because</th><th>rounds</th></tr>";
  for (const auto& [reason, count] : figures["refused"]["reasons"].items())
    text += fmt::format("<tr><td>{}</td><td>{}</td></tr>", escaped(reason), number(count));
  return text + "</table>";
}

}  // namespace

std::string instruct_page(const InstructSummary& summary, const std::function<Image(std::size_t index)>& image_of) {
  std::string page = std::string(head) + figures_of(summary.to_json());
  for (const InstructExample* example : summary.examples()) {
    const InstructRecord& first = example->records.front();
    page += fmt::format("<article><figure>{}<figcaption>{}</figcaption></figure><div>", picture_of(example->index, image_of),
                        escaped(first.image));
    for (const InstructRecord& record : example->records) page += section_of(record);
    page += "</div></article>\n";
  }
  return page + "</body></html>\n";
}

}  // namespace omma
