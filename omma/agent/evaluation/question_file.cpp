#include "omma/agent/evaluation/question_file.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "omma/agent/ascii.h"
#include "omma/agent/schema.h"
#include "omma/base/config.h"
#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/data/world/words.h"

namespace omma {

namespace {

constexpr std::size_t max_file_bytes = 64 << 20, max_line_bytes = 1 << 20, max_lines = 100'000;
constexpr std::size_t max_objects = 256, max_moments = 255, max_calls = 32, max_words_bytes = 4000;
constexpr Range sides{1, 4096}, pixels{0, 4096}, clip_seconds{0.1, 86'400};
constexpr auto picture_tool_names = std::to_array<std::string_view>({"detect_objects", "describe_image", "segment_object"});
constexpr std::string_view video_tool_name = "describe_video";

bool is_words(std::string_view text) { return !trim(text).empty() && text.size() <= max_words_bytes; }

struct ObjectLine {
  std::string name, color;
  std::vector<float> box;  // x0, y0, x1, y1
  template <class Fields>
  void fields(Fields& field) {
    field("name", name);
    field("color", color);
    field("box", box, pixels);
  }
  void validate(Faults& faults) const {
    faults.expect(is_words(name), "an object without a name");
    faults.expect(box.size() == 4 && box[0] < box[2] && box[1] < box[3],
                  "{}: expected a box of x0, y0, x1, y1, x0 < x1 and y0 < y1", name);
  }
};

struct MomentLine {
  double from = 0;
  std::vector<ObjectLine> objects;
  template <class Fields>
  void fields(Fields& field) {
    field("from", from, Range{0, clip_seconds.max});
    field("objects", objects);
  }
};

struct SceneLine {
  std::int64_t seed = -1, index = -1;
  std::string split = "test";
  template <class Fields>
  void fields(Fields& field) {
    field("seed", seed, Range{0, 9e15});
    field("index", index, Range{0, 9e15});
    field("split", split);
  }
  void validate(Faults& faults) const { faults.expect(seed >= 0 && index >= 0, "scene: seed or index is missing"); }
};

struct PictureLine {
  std::string picture, clip;
  std::optional<double> seconds;
  std::vector<int> size;
  std::optional<SceneLine> scene;
  std::vector<ObjectLine> objects;
  std::vector<MomentLine> moments;
  template <class Fields>
  void fields(Fields& field) {
    field("picture", picture);
    field("clip", clip);
    field("seconds", seconds, clip_seconds);
    field("size", size, sides);
    field("scene", scene);
    field("objects", objects);
    field("moments", moments);
  }
  void validate(Faults& faults) const {
    faults.expect(picture.empty() != clip.empty(), "expected the name of a picture or of a clip");
    faults.expect(clip.empty() == !seconds.has_value(), "expected seconds of a clip, and of nothing else");
    faults.expect(scene.has_value() ? size.empty() : size.size() == 2, "expected a size of width and height, of a scene none");
    faults.expect(!scene || (clip.empty() && objects.empty()), "a scene is a picture, and brings its own objects");
    faults.expect(clip.empty() ? moments.empty() : objects.empty() && !moments.empty() && moments.size() <= max_moments,
                  "expected objects of a picture, 1 to {} moments of a clip", max_moments);
  }
};

struct SynonymsLine {
  std::map<std::string, std::vector<std::string>> of;
  template <class Fields>
  void fields(Fields& field) {
    field("synonyms", of);
  }
};

struct ToolLine {
  std::string tool, description;
  json schema, example;
  template <class Fields>
  void fields(Fields& field) {
    field("tool", tool);
    field("description", description);
    field("schema", schema);
    field("example", example);
  }
  void validate(Faults& faults) const {
    faults.expect(is_words(description), "expected a description");
    faults.expect(schema.is_object() && example.is_object(), "expected schema and example, each an object");
  }
};

struct CallLine {
  std::string tool;
  json input;
  std::optional<std::vector<std::string>> mentions;
  template <class Fields>
  void fields(Fields& field) {
    field("tool", tool);
    field("input", input);
    field("mentions", mentions);
  }
  void validate(Faults& faults) const {
    faults.expect(!tool.empty() && input.is_object(), "expected a call's tool and input");
    const bool describes = tool == "describe_image" || tool == video_tool_name;
    faults.expect(describes ? !input.contains("question") : !mentions, "{}: expected mentions of describing tools, and no question",
                  tool);
  }
};

struct QuestionLine {
  std::string kind, about, question, told;
  std::vector<std::string> tools;
  std::vector<CallLine> first, then;
  json answer, why;
  template <class Fields>
  void fields(Fields& field) {
    field("kind", kind);
    field("about", about);
    field("question", question);
    field("tools", tools);
    field("first", first);
    field("then", then);
    field("answer", answer);
    field("told", told);
    field("why", why);
  }
  void validate(Faults& faults) const {
    faults.expect(!kind.empty() && kind != "all", "expected a kind that is not \"all\"");
    faults.expect(is_words(question), "expected a question of 1 to {} bytes", max_words_bytes);
    faults.expect(first.size() <= max_calls && then.size() <= max_calls, "expected at most {} calls", max_calls);
    faults.expect(!first.empty() || then.empty(), "then: expected a first call before");
  }
};

RightCall call_of(CallLine line) {
  RightCall call{.tool = std::move(line.tool), .input = std::move(line.input), .asks = line.mentions.has_value()};
  if (line.mentions) call.mentions = std::move(*line.mentions);
  return call;
}

std::vector<RightCall> calls_of(std::vector<CallLine>& lines) {
  std::vector<RightCall> calls;
  for (CallLine& line : lines) calls.push_back(call_of(std::move(line)));
  return calls;
}

class QuestionReader {
 public:
  QuestionReader() {
    for (int name = 0; name < world_name_count; ++name) file_.names.add(std::string(world_noun(name).singular));
  }

  void read(const json& line, const std::string& where) {
    check(line.is_object(), "{}: expected an object, got {}", where, line.type_name());
    if (line.contains("synonyms")) return add_synonyms(line, where);
    if (line.contains("question")) return add(read_config<QuestionLine>(line, where, UnknownFields::reject));
    if (line.contains("tool")) return add(read_config<ToolLine>(line, where, UnknownFields::reject), where);
    add(read_config<PictureLine>(line, where, UnknownFields::reject), where);
  }

  QuestionFile finish() && { return std::move(file_); }

 private:
  void add_synonyms(const json& line, const std::string& where) {
    for (const auto& [name, synonyms] : read_config<SynonymsLine>(line, where, UnknownFields::reject).of)
      file_.names.add(name, synonyms);
  }

  std::vector<KnownObject> objects_of(const std::vector<ObjectLine>& lines, Size size) {
    check(lines.size() <= max_objects, "expected at most {} objects, got {}", max_objects, lines.size());
    std::vector<KnownObject> objects;
    for (const ObjectLine& line : lines) {
      const Box box{line.box[0], line.box[1], line.box[2], line.box[3]};
      check(box.x1 <= static_cast<float>(size.width) && box.y1 <= static_cast<float>(size.height),
            "{}: its box ends outside the picture of {} x {}", line.name, size.width, size.height);
      file_.names.add(line.name);
      objects.push_back({.name = line.name, .color = line.color, .size = "", .box = box});
    }
    return objects;
  }

  void add(PictureLine line, const std::string& where) {
    WrittenPicture picture{.scene = {}, .size = {}, .moments = {}, .seconds = line.seconds};
    if (line.scene) {
      picture.scene = {static_cast<std::uint64_t>(line.scene->seed), static_cast<std::uint64_t>(line.scene->index),
                       parse_split(line.scene->split)};
    } else {
      picture.size = {line.size[0], line.size[1]};
      if (line.clip.empty()) line.moments.push_back({.from = 0, .objects = std::move(line.objects)});
      for (const MomentLine& moment : line.moments) {
        const bool later = picture.moments.empty() ? moment.from == 0 : moment.from > picture.moments.back().from;
        check(later && moment.from < line.seconds.value_or(1), "moments: expected rising times from 0 within the clip, got {}",
              moment.from);
        picture.moments.push_back({.from = moment.from, .objects = objects_of(moment.objects, picture.size)});
      }
    }
    const std::string& name = line.clip.empty() ? line.picture : line.clip;
    check(file_.pictures.try_emplace(name, std::move(picture)).second, "{}: there is a \"{}\" already", where, name);
  }

  void add(ToolLine line, const std::string& where) {
    check(std::ranges::count(picture_tool_names, line.tool) == 0 && line.tool != video_tool_name,
          "{}: {} is the name of a picture's tool", where, line.tool);
    Tool tool{.name = std::move(line.tool),
              .description = std::move(line.description),
              .schema = std::move(line.schema),
              .example = std::move(line.example),
              .run = {}};
    Tool checked = tool;
    checked.run = [](const json&) { return ToolResult(); };
    Toolbox().add(std::move(checked));
    const std::string name = tool.name;
    check(file_.tools.try_emplace(name, std::move(tool)).second, "{}: there is a tool {} already", where, name);
  }

  void add(QuestionLine line) {
    check(file_.pictures.contains(line.about), "about: no picture or clip \"{}\" stands before", line.about);
    for (const std::string& tool : line.tools) check(file_.tools.contains(tool), "tools: no tool \"{}\" stands before", tool);
    WrittenQuestion question{.kind = std::move(line.kind),
                             .about = std::move(line.about),
                             .text = std::move(line.question),
                             .tools = std::move(line.tools),
                             .first = calls_of(line.first),
                             .then = calls_of(line.then),
                             .answer = read_expected_answer(line.answer, "answer"),
                             .told = std::move(line.told),
                             .why = std::move(line.why)};
    for (const auto* calls : {&question.first, &question.then})
      for (const RightCall& call : *calls) check_call(call, question);
    file_.questions.push_back(std::move(question));
  }

  // The inputs of a picture's tools are checked where these are made.
  void check_call(const RightCall& call, const WrittenQuestion& question) {
    if (std::ranges::count(question.tools, call.tool) > 0) {
      const std::string fault = schema_fault(file_.tools.at(call.tool).schema, call.input);
      return check(fault.empty(), "{}: {}", call.tool, fault);
    }
    const bool of_clips = file_.pictures.at(question.about).seconds.has_value();
    check(std::ranges::count(picture_tool_names, call.tool) > 0 || (of_clips && call.tool == video_tool_name), "{} is not on offer",
          call.tool);
    const json time = call.input.value("time", json(0));
    check(of_clips ? time.is_number() || time == "end" : !call.input.contains("time"), "{}: expected a time of clips alone, got {}",
          call.tool, dump_json(time));
    if (!call.input.contains("objects") || !call.input["objects"].is_array()) return;
    for (const json& object : call.input["objects"])
      if (object.is_string()) file_.names.add(name_in(object.get<std::string>()));
  }

  // "red dog" names a dog, but "red blood cell" is a name.
  std::string name_in(const std::string& phrase) const {
    if (!file_.names.said_in(phrase).empty()) return file_.names.said_in(phrase).back();
    const std::size_t space = phrase.find(' ');
    return space != std::string::npos && find_world_color(phrase.substr(0, space)) ? phrase.substr(space + 1) : phrase;
  }

  QuestionFile file_;
};

// "FILE:17: what", once.
std::string at_line(const std::string& where, std::string_view what) {
  return what.starts_with(where) ? std::string(what) : fmt::format("{}: {}", where, what);
}

}  // namespace

QuestionFile parse_questions(std::string_view lines, std::string_view where) {
  QuestionReader reader;
  Faults faults{std::string(where)};
  std::size_t number = 0;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    const std::string at = fmt::format("{}:{}", where, ++number);
    check(number <= max_lines, "{}: expected at most {} lines", where, max_lines);
    if (trim(line).empty()) continue;
    try {
      reader.read(parse_json(line, at, {.bytes = max_line_bytes, .reject_duplicate_keys = true}), at);
    } catch (const std::invalid_argument& error) {
      faults.add("{}", at_line(at, error.what()));
    }
  }
  faults.raise();
  return std::move(reader).finish();
}

QuestionFile read_questions(const std::filesystem::path& file) {
  return parse_questions(read_file(file, max_file_bytes), file.filename().string());
}

}  // namespace omma
