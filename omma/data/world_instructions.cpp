#include "omma/data/world_instructions.h"

#include <array>
#include <cmath>

#include "omma/base/error.h"
#include "omma/data/instruct_kind.h"
#include "omma/data/world/exact_caption.h"
#include "omma/data/world/language.h"
#include "omma/data/world/oracle.h"
#include "omma/data/world_picture_text.h"
#include "omma/data/world_settings.h"

namespace omma {
namespace {

constexpr std::uint64_t dialogue_stream = 0x6469616c6f677565;  // dialogues draw from other random numbers than pictures

using Rounds = std::vector<InstructionRound>;

Rounds caption(const Scene& scene, Rng& rng) {
  return {{.question = "Describe the picture in one sentence.", .answer = exact_caption(scene, rng)}};
}

std::string told(const Scene& scene, InstructKind kind, Rng& rng) { return text_of(picture_text_of(scene, rng), parts_of(kind)); }

Rounds conversation(const Scene& scene, Rng& rng) {
  return oracle_conversation(told(scene, InstructKind::conversation, rng), rng.bits());
}

Rounds detail(const Scene& scene, Rng& rng) {
  std::string answer = oracle_detail(told(scene, InstructKind::detail, rng), rng.bits());
  return {{.question = std::string(detail_request(rng.bits())), .answer = std::move(answer)}};
}

Rounds reasoning(const Scene& scene, Rng& rng) { return {oracle_reasoning(told(scene, InstructKind::reasoning, rng), rng.bits())}; }

// More about what is not there than conversations have, and all of it hard: partners of what is there.
Rounds absent(const Scene& scene, Rng& rng) {
  return oracle_denials(text_of(picture_text_of(scene, rng), PictureParts::captions_and_boxes), rng.bits());
}

// Half of the answers in a word, which is all of what there is to be learned from.
Rounds existence(const Scene& scene, Rng& rng) {
  Rounds rounds = oracle_existence(text_of(picture_text_of(scene, rng), PictureParts::captions_and_boxes), rng.bits());
  for (InstructionRound& round : rounds) {
    if (rng.below(2) == 0) continue;
    round.question = asking_for_short_answer(round.question);
    round.answer = round.answer.starts_with("Yes") ? "yes" : "no";
  }
  return rounds;
}

// Of these what is there alone, as data does that was written by looking at what pictures show.
Rounds presence(const Scene& scene, Rng& rng) {
  Rounds rounds = existence(scene, rng);
  std::erase_if(rounds, [](const InstructionRound& round) { return round.answer == "no" || round.answer.starts_with("No"); });
  return rounds;
}

// Short answers that nobody asked to be short, beside which nothing tells when to answer in sentences.
Rounds bare(const Scene& scene, Rng& rng) {
  Rounds rounds;
  for (const Question& question : questions(scene, rng)) rounds.push_back({.question = question.text, .answer = question.answer});
  rng.shuffle(rounds);
  return rounds;
}

Rounds short_answers(const Scene& scene, Rng& rng) {
  Rounds rounds = bare(scene, rng);
  for (InstructionRound& round : rounds) round.question = asking_for_short_answer(round.question);
  return rounds;
}

struct Kind {
  std::string_view name;
  Rounds (*rounds)(const Scene& scene, Rng& rng);
};
constexpr std::array<Kind, 9> known_kinds = {{{"caption", caption},
                                              {"conversation", conversation},
                                              {"detail", detail},
                                              {"reasoning", reasoning},
                                              {"absent", absent},
                                              {"existence", existence},
                                              {"presence", presence},
                                              {"short", short_answers},
                                              {"bare", bare}}};

// Every object's place by colour and name, in no order, to a tenth of the picture's sides: what there would be to see.
std::string places(const Scene& scene, Rng& rng) {
  PictureText text{.boxes = picture_text_of(scene, rng).boxes};
  for (NamedBox& named : text.boxes)
    for (float* edge : {&named.box.x0, &named.box.y0, &named.box.x1, &named.box.y1}) *edge = std::round(*edge * 10) / 10;
  rng.shuffle(text.boxes);
  return text_of(text, PictureParts::captions_and_boxes).substr(1);  // behind the line that ends the captions
}

std::vector<Kind> parse_kinds(std::string_view names) {
  std::vector<Kind> kinds;
  while (!names.empty()) {
    const std::string_view name = names.substr(0, names.find('+'));
    names.remove_prefix(std::min(names.size(), name.size() + 1));
    const auto kind = std::ranges::find(known_kinds, name, &Kind::name);
    check(kind != known_kinds.end(),
          "world: kinds: expected caption, conversation, detail, reasoning, absent, existence, presence, short or bare, got \"{}\"",
          name);
    kinds.push_back(*kind);
  }
  check(!kinds.empty(), "world: kinds: expected at least one");
  return kinds;
}

class WorldInstructions : public InstructionDataset {
 public:
  WorldInstructions(const WorldSettings& world, std::vector<Kind> kinds, bool told)
      : world_(world), kinds_(std::move(kinds)), told_(told) {}

  std::size_t size() const override { return static_cast<std::size_t>(world_.count); }
  InstructionSample sample(std::size_t index) const override { return describe(draw(index), index); }
  Image image(std::size_t index) const override { return draw(index).image; }
  bool has_image(std::size_t index) const override { return index < size(); }
  InstructedImage load(std::size_t index) const override {
    Scene scene = draw(index);
    InstructionSample sample = describe(scene, index);
    return {std::move(sample), std::move(scene.image)};
  }
  const DatasetReport& report() const override { return report_; }

 private:
  Scene draw(std::size_t index) const {
    check(index < size(), "world: expected a scene below {}, got {}", size(), index);
    return make_scene(world_.seed, index, world_.scene);
  }

  // One of the kinds; where the scene's words give it nothing to say, a detailed description.
  InstructionSample describe(const Scene& scene, std::size_t index) const {
    Rng rng(world_.seed ^ dialogue_stream, index);
    const Kind& kind = rng.pick(std::span<const Kind>(kinds_));
    Rounds rounds = kind.rounds(scene, rng);
    const bool has_words = !rounds.empty() && !rounds.front().question.empty();
    if (!has_words) rounds = detail(scene, rng);
    if (told_) rounds.front().question.insert(0, places(scene, rng));
    return {.id = fmt::format("{}/{}#{}", omma::name_of(scene.split), index, has_words ? kind.name : "detail"),
            .image = fmt::format("{}-{:06}.png", omma::name_of(scene.split), index),
            .rounds = std::move(rounds)};
  }

  WorldSettings world_;
  std::vector<Kind> kinds_;
  bool told_;  // of what is in the picture, in words
  DatasetReport report_;
};

}  // namespace

std::unique_ptr<InstructionDataset> open_world_instructions(std::string_view settings, std::string_view split) {
  std::string_view kinds = "conversation+detail+reasoning";
  int told = 0;
  const WorldSettings world =
      parse_world_settings(settings, split, {}, "kinds, told", [&](std::string_view name, std::string_view value) {
        if (name == "kinds") kinds = value;
        if (name == "told") read_number(name, value, told);
        return name == "kinds" || name == "told";
      });
  check(told == 0 || told == 1, "world: told: expected 0 or 1, got {}", told);
  return std::make_unique<WorldInstructions>(world, parse_kinds(kinds), told == 1);
}

}  // namespace omma
