// The picture-book world as a question data set: scenes are drawn when they are asked for.
#include "omma/data/question_readers.h"
#include "omma/data/world/language.h"
#include "omma/data/world_settings.h"

namespace omma {
namespace {

constexpr std::uint64_t question_stream = 0x7175657374696f6e;  // questions draw from other random numbers than pictures

class WorldQuestions : public QuestionDataset {
 public:
  WorldQuestions(const WorldSettings& world, int questions_of_scene)
      : world_(world), of_scene_(static_cast<std::size_t>(questions_of_scene)) {}

  std::size_t size() const override { return static_cast<std::size_t>(world_.count) * of_scene_; }
  QuestionSample sample(std::size_t index) const override { return describe(draw(index), index); }
  Image image(std::size_t index) const override { return draw(index).image; }
  QuestionedImage load(std::size_t index) const override {
    Scene scene = draw(index);
    QuestionSample described = describe(scene, index);
    return {std::move(described), std::move(scene.image)};
  }
  const DatasetReport& report() const override { return report_; }

 private:
  Scene draw(std::size_t index) const {
    check(index < size(), "world: expected a question below {}, got {}", size(), index);
    return make_scene(world_.seed, index / of_scene_, world_.scene);
  }

  QuestionSample describe(const Scene& scene, std::size_t index) const {
    const std::size_t scene_index = index / of_scene_, place = index % of_scene_;
    Rng rng(world_.seed ^ question_stream, scene_index);
    std::vector<Question> asked;
    while (asked.size() <= place) {  // a scene that allows fewer types is asked some again
      std::vector<Question> round = questions(scene, rng);
      rng.shuffle(round);
      asked.insert(asked.end(), round.begin(), round.end());
    }
    const Question& question = asked[place];
    return {.key = fmt::format("{}/{}#{}", omma::name_of(scene.split), scene_index, place),
            .question = question.text,
            .answers = {question.answer},
            .type = std::string(omma::name_of(question.type))};
  }

  WorldSettings world_;
  std::size_t of_scene_;
  DatasetReport report_;
};

}  // namespace

std::unique_ptr<QuestionDataset> open_world_questions(std::string_view settings, std::string_view split,
                                                      const QuestionDatasetOptions& options) {
  int of_scene = options.questions;
  const WorldSettings defaults{.seed = options.seed, .count = options.count, .scene = {.size = options.size}};
  const WorldSettings world =
      parse_world_settings(settings, split, defaults, "questions", [&](std::string_view name, std::string_view value) {
        if (name == "questions") read_number(name, value, of_scene);
        return name == "questions";
      });
  check(of_scene >= 1 && of_scene <= 100, "world: questions: expected 1 to 100, got {}", of_scene);
  return std::make_unique<WorldQuestions>(world, of_scene);
}

}  // namespace omma
