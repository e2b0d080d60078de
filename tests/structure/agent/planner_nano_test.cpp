// The embedded planner on questions it was not trained on, with a detector that knows the picture: what it gets wrong is its own
// fault. OMMA_AGENT_SCENES sets how many scenes are asked about (default 40).
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <set>

#include "omma/agent/evaluation/evaluate.h"
#include "omma/agent/evaluation/known_masks.h"
#include "omma/agent/evaluation/known_objects.h"
#include "omma/agent/evaluation/known_texts.h"
#include "omma/models/language/predictor.h"
#include "omma/recipes/planner/off_topic.h"
#include "omma/recipes/planner/trace.h"

namespace omma {
namespace {

class PlannerNano : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { at::set_num_threads(1); }  // its matrices are small: two threads wait for each other

  AgentResult ask(const std::string& question, const PictureModels& models) {
    return run_agent(planner_, picture_tools(models, std::make_shared<const Image>(128, 128)), question);
  }
  AgentResult ask(const std::string& question, std::vector<KnownObject> objects) {
    return ask(question, {.detector = std::make_shared<KnownObjectDetector>(std::move(objects)),
                          .captioner = std::make_shared<KnownCaptioner>("unasked")});
  }

  LanguagePredictor planner_{load_language("zoo/planner-nano")};
};

std::vector<KnownObject> copies(int count, const std::string& name, const std::string& color = "red") {
  std::vector<KnownObject> objects;
  for (int i = 0; i < count; ++i) {
    const float x = static_cast<float>(12 * (i % 10)), y = static_cast<float>(12 * (i / 10));
    objects.push_back({.name = name, .color = color, .size = "", .box = {x, y, x + 10, y + 10}});
  }
  return objects;
}

TEST_F(PlannerNano, AsksForTheCompactFormat) { EXPECT_EQ(planner_.agent_format(), AgentFormat::compact); }

TEST_F(PlannerNano, CountsWithPlurals) {
  const std::vector<std::pair<std::string, std::string>> names = {{"bus", "buses"}, {"person", "people"}, {"fish", "fish"}};
  int asked = 0, right = 0;
  for (const auto& [one, many] : names) {
    for (const int count : {0, 1, 3, 7, 12, 23, 38}) {
      const AgentResult result = ask("How many " + many + " are there?", copies(count, one));
      EXPECT_EQ(result.stopped, AgentEnd::answer);
      right += result.answer == std::to_string(count) ? 1 : 0;
      ++asked;
    }
  }
  EXPECT_GE(right, 9 * asked / 10);
}

// Names outside its vocabulary, some met in training ("platelet"), some never ("gromvit", "puffin"): copied letter by letter, in
// the singular.
TEST_F(PlannerNano, CopiesNamesItDoesNotKnow) {
  const std::vector<std::pair<std::string, std::string>> names = {
      {"white blood cell", "white blood cells"},  {"platelet", "platelets"},
      {"red blood cell", "red blood cells"},      {"zebra", "zebras"},
      {"traffic light", "traffic lights"},        {"gromvit", "gromvits"},
      {"old wooden bench", "old wooden benches"}, {"puffin", "puffins"}};
  int right = 0;
  for (const auto& [one, many] : names) {
    const AgentResult result = ask("How many " + many + " are there?", copies(4, one));
    right += result.answer == "4" ? 1 : 0;
    if (result.answer != "4") std::cout << many << ": " << to_json(result).dump() << "\n";
  }
  EXPECT_GE(right, 7);
}

TEST_F(PlannerNano, CopiesWhatTheToolsSay) {
  const std::vector<std::string> captions = {"a red dog and two blue cars", "We see three old gromvits left of a puffin.",
                                             "a man riding a brown horse on the beach"};
  int right = 0;
  for (const std::string& caption : captions)
    right += ask("What is in the picture?", {.captioner = std::make_shared<KnownCaptioner>(caption)}).answer == caption;
  EXPECT_GE(right, 2);
  const std::string question = "Is there a blue dog to the left of a car?";
  for (const std::string answer : {"yes", "no"}) {
    const auto answerer = std::make_shared<KnownAnswerer>(std::map<std::string, std::string>{{question, answer}});
    EXPECT_EQ(ask(question, {.answerer = answerer}).answer, answer);
  }
}

RunLengths filled(const Box& box) {
  Mask mask(128, 128);
  for (int y = static_cast<int>(box.y0); y < static_cast<int>(box.y1); ++y)
    for (int x = static_cast<int>(box.x0); x < static_cast<int>(box.x1); ++x) mask.at(x, y) = 1;
  return encode(mask);
}

PictureModels models_of(const std::vector<KnownObject>& objects, const std::string& caption) {
  std::vector<RunLengths> masks;
  for (const KnownObject& object : objects) masks.push_back(filled(object.box));
  return {.detector = std::make_shared<KnownObjectDetector>(objects),
          .captioner = std::make_shared<KnownCaptioner>(caption),
          .segmenter = std::make_shared<KnownSegmenter>(masks)};
}

TEST_F(PlannerNano, CutsOutAndMeasures) {
  PictureModels models = models_of({{"dog", "blue", "", {10, 10, 40, 30}, .9F},
                                    {"car", "red", "", {10, 60, 70, 100}, .8F},
                                    {"car", "green", "", {90, 100, 110, 110}, .95F},
                                    {"tree", "green", "", {80, 20, 100, 80}, .7F}},
                                   "a blue dog, a red car, a green car and a green tree");
  EXPECT_EQ(ask("Cut out the blue dog.", models).answer, "3.7 % of the picture, top left");
  EXPECT_EQ(ask("How much of the picture is the largest car?", models).answer, "15 %");
  EXPECT_EQ(ask("Describe the picture, then segment what is left of the tree.", models).answer,
            "a blue dog, a red car, a green car and a green tree; cut out: 2 objects, together 18 % of the picture");
  EXPECT_EQ(ask("Cut out the zebra.", models).answer, "nothing");
  models.segmenter = nullptr;
  const AgentResult refused = ask("Cut out the blue dog.", models);
  EXPECT_EQ(refused.answer, no_segmenter_answer);
  EXPECT_TRUE(refused.steps.empty());
}

// From specks to what fills the picture.
TEST_F(PlannerNano, CopiesShares) {
  int asked = 0, right = 0;
  for (int width = 8; width <= 128; width += 12)
    for (const int height : {9, 40, 77, 120}) {
      const Box box{0, 0, static_cast<float>(width), static_cast<float>(height)};
      const AgentResult result = ask("How much of the picture is the car?", models_of({{"car", "red", "", box}}, ""));
      const std::string said = result.answer + " of the picture";
      const bool copied = result.steps.size() == 1 && result.steps[0].observation.find(": " + said) != std::string::npos;
      if (!copied) std::cout << width << " x " << height << ": " << to_json(result)["answer"] << "\n";
      right += copied ? 1 : 0;
      ++asked;
    }
  EXPECT_GE(right, 9 * asked / 10);
}

// Sentences that no training draws.
TEST_F(PlannerNano, RefusesWhatIsNotAboutThePicture) {
  const std::vector<std::string> sentences = {"Good afternoon",
                                              "How is it going?",
                                              "What is your favourite film?",
                                              "Recommend me a book.",
                                              "Who won the elections?",
                                              "When does the shop open?",
                                              "Why do people laugh?",
                                              "Could you repeat that?",
                                              "Tell me a riddle",
                                              "What is the square root of 81?",
                                              "Where can I park?",
                                              "Compose a haiku about autumn."};
  const std::set<std::string> held_out(sentences.begin(), sentences.end());
  Rng rng(1);
  for (int i = 0; i < 20'000; ++i) ASSERT_FALSE(held_out.contains(off_topic_sentence(rng)));
  int right = 0;
  for (const std::string& sentence : sentences) {
    const AgentResult result = ask(sentence, copies(2, "dog"));
    right += result.answer == off_topic_answer && result.steps.empty();
    if (result.answer != off_topic_answer) std::cout << sentence << ": " << to_json(result).dump() << "\n";
  }
  EXPECT_GE(right, 10);
}

TEST_F(PlannerNano, AnswersUnseenScenes) {
  AgentEvaluationOptions options;
  const char* scenes = std::getenv("OMMA_AGENT_SCENES");
  options.scenes = scenes != nullptr ? std::atoi(scenes) : 40;
  const json figures = evaluate_agent(planner_, std::nullopt, options, [](const AgentAnswer& answer) {
    if (!answer.right)
      std::cout << answer.question << " expected " << answer.expected << ", got " << to_json(answer.result).dump() << "\n";
  });
  std::cout << figures.dump(1) << "\n";
  for (const char* type : {"count", "exist", "color", "relation", "what", "compare", "describe", "exist_relation", "cut_out",
                           "area", "mask_relation", "describe_cut_out"})
    EXPECT_GE(figures[type]["accuracy"], 0.9) << type;
}

// A tenth of the calls fails; giving up at the first failure would get a tenth of the answers wrong, and of two steps more.
TEST_F(PlannerNano, TriesAgainWhatFailed) {
  AgentEvaluationOptions options;
  options.scenes = 20;
  options.tool_errors = 0.1;
  const json figures = evaluate_agent(planner_, std::nullopt, options);
  std::cout << figures.dump(1) << "\n";
  EXPECT_GE(figures["all"]["accuracy"], 0.92);
}

}  // namespace
}  // namespace omma
