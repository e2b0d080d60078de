#include "omma/agent/evaluation/evaluate.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "omma/agent/evaluation/known_objects.h"
#include "omma/agent/evaluation/known_texts.h"
#include "omma/data/world/language.h"
#include "omma/data/world/words.h"
#include "omma/eval/named_objects.h"
#include "tests/unit/agent/scripted_model.h"

namespace omma {
namespace {

TEST(AgentEvaluation, Says) {
  EXPECT_TRUE(says("3", "3"));
  EXPECT_TRUE(says("There are 3 buses, not 4.", "3"));
  EXPECT_FALSE(says("13", "3"));
  EXPECT_FALSE(says("three", "3"));
  EXPECT_FALSE(says("", "3"));
  EXPECT_TRUE(says("Yes.", "yes"));
  EXPECT_TRUE(says("yes, it is", "yes"));
  EXPECT_FALSE(says("yesterday", "yes"));
  EXPECT_FALSE(says("", "no"));
  EXPECT_TRUE(says(" Blue ", "blue"));
  EXPECT_FALSE(says("red blue", "blue"));
}

TEST(AgentEvaluation, CountsPerType) {
  testing::ScriptedModel model({" x\nFinal Answer: yes"});
  AgentEvaluationOptions options;
  options.scenes = 8;
  int told = 0;
  const json figures =
      evaluate_agent(model, std::nullopt, options, [&](const AgentAnswer& answer) { told += answer.right ? 1 : 0; });
  EXPECT_EQ(figures["all"]["right"], told);
  EXPECT_EQ(figures["count"]["right"], 0);
  EXPECT_EQ(figures["count"]["asked"], 8);
  EXPECT_GT(figures["exist"]["asked"], 0);
  EXPECT_EQ(figures["steps"], 0);
}

// Right where the thing is there as often as where it is not; with and without a colour.
TEST(AgentEvaluation, CountsWhatIsThereAndWhatIsNot) {
  testing::ScriptedModel model({" x\nFinal Answer: 0"});
  AgentEvaluationOptions options;
  options.scenes = 200;
  int colored = 0;
  const json figures = evaluate_agent(model, std::nullopt, options, [&](const AgentAnswer& answer) {
    for (const char* color : {"red", "yellow", "green", "blue", "purple", "gray"})
      colored += answer.question.starts_with(std::string("How many ") + color) && answer.question.ends_with(" are there?") ? 1 : 0;
  });
  EXPECT_NEAR(figures["count"]["right"].get<int>(), 100, 25);
  EXPECT_GT(colored, 70);
}

TEST(AgentEvaluation, HeldOutWordingsAskTheSameThings) {
  const auto asked = [](Wording wording) {
    testing::ScriptedModel model({" x\nFinal Answer: 0"});
    AgentEvaluationOptions options;
    options.scenes = 20;
    options.wording = wording;
    std::vector<AgentAnswer> answers;
    evaluate_agent(model, std::nullopt, options, [&](const AgentAnswer& answer) { answers.push_back(answer); });
    return answers;
  };
  const std::vector<AgentAnswer> taught = asked(Wording::taught), held_out = asked(Wording::held_out);
  const auto expected = [](const std::vector<AgentAnswer>& answers) {
    std::vector<std::string> texts;
    for (const AgentAnswer& answer : answers) texts.push_back(answer.expected);
    return texts;
  };
  EXPECT_EQ(expected(taught), expected(held_out));
  for (const AgentAnswer& answer : held_out) EXPECT_FALSE(answer.question.starts_with("How many")) << answer.question;
}

// Plans right without a language model, where the new tool is all that it takes.
class DescribingModel : public LanguageModel {
 public:
  AgentFormat agent_format() const override { return AgentFormat::compact; }
  GeneratedText generate(std::string_view prompt, const GenerationOptions&, const TextCallback&) override {
    const std::size_t begin = prompt.find("Question: ") + 10;
    const std::string_view question = prompt.substr(begin, prompt.find('\n', begin) - begin), marker = "Observation: ";
    const auto seen = prompt.find(marker);
    GeneratedText text;
    if (seen != std::string_view::npos) {
      const std::string_view rest = prompt.substr(seen + marker.size());
      text.text = fmt::format(" x\nFinal Answer: {}", rest.substr(0, rest.find('\n')));
    } else {
      const json input = question.starts_with("Is there") ? json{{"question", question}} : json::object();
      text.text = fmt::format(" x\nAction: describe_image\nAction Input: {}", dump_json(input));
    }
    return text;
  }
};

TEST(AgentEvaluation, TheOraclesKnowTheScene) {
  DescribingModel model;
  AgentEvaluationOptions options;
  options.scenes = 30;
  int related = 0;
  const json figures = evaluate_agent(model, std::nullopt, options, [&](const AgentAnswer& answer) {
    const bool relation = answer.question.starts_with("Is there") && answer.question.find(" the ") == std::string::npos;
    EXPECT_TRUE(answer.right || !relation) << answer.question;
    related += relation ? 1 : 0;
  });
  EXPECT_GT(related, 10);
  EXPECT_EQ(figures["describe"]["asked"], 30);
  EXPECT_EQ(figures["describe"]["right"], 30);
  EXPECT_GT(figures["exist_relation"]["right"], 0);
}

// Looks for what the question names where it asks for a mask.
class CuttingModel : public LanguageModel {
 public:
  explicit CuttingModel(std::string which = "all") : which_(std::move(which)) {}
  AgentFormat agent_format() const override { return AgentFormat::compact; }
  GeneratedText generate(std::string_view prompt, const GenerationOptions&, const TextCallback&) override {
    const auto seen = prompt.find("Observation: ");
    if (seen != std::string_view::npos) {
      const std::string_view said = prompt.substr(seen);
      const auto percent = said.find(" %"), blank = said.rfind(' ', percent - 1);
      return {.text = percent == std::string_view::npos
                          ? std::string(" x\nFinal Answer: nothing")
                          : fmt::format(" x\nFinal Answer: {}", said.substr(blank + 1, percent + 2 - blank - 1))};
    }
    return {.text = fmt::format(" x\nAction: segment_object\nAction Input: {}",
                                dump_json({{"object", name_in(prompt)}, {"which", which_}}))};
  }

 private:
  // Of "Question: Cut out the blue dog.\n": the name and the colour that stand there.
  static std::string name_in(std::string_view prompt) {
    const auto named = named_objects(prompt.substr(0, prompt.find("\nThought")));
    if (named.empty()) return "anything";
    const auto& [name, color] = named.begin()->first;
    return (color < 0 ? "" : std::string(world_color(color)) + " ") + std::string(world_noun(name).singular);
  }
  std::string which_;
};

TEST(AgentEvaluation, MasksAreJudgedByTheirPixels) {
  AgentEvaluationOptions options;
  options.scenes = 30;
  CuttingModel all, largest("largest"), smallest("smallest");
  const json figures = evaluate_agent(all, std::nullopt, options);
  EXPECT_EQ(figures["cut_out"]["asked"], 30);
  EXPECT_EQ(figures["cut_out"]["right"], 30);
  EXPECT_EQ(figures["cut_out"]["mean_iou"], 1);
  EXPECT_LT(figures["mask_relation"]["right"], figures["mask_relation"]["asked"]);
  EXPECT_EQ(figures["describe_cut_out"]["right"], 0);  // nothing was described
  EXPECT_FALSE(figures["count"].contains("mean_iou"));
  const json measured = evaluate_agent(largest, std::nullopt, options)["area"];
  EXPECT_GT(measured["asked"], 15);
  EXPECT_EQ(measured["right"], measured["asked"]);
  EXPECT_LT(evaluate_agent(smallest, std::nullopt, options)["area"]["right"], measured["right"]);
}

TEST(AgentEvaluation, MasksAreAskedForWhereSomethingCanCut) {
  testing::ScriptedModel model({" x\nFinal Answer: no"});
  AgentEvaluationOptions options;
  options.scenes = 3;
  const Scene scene = make_scene(options.seed, 0, options.scene);
  const PictureModels no_segmenter{.detector = std::make_shared<KnownObjectDetector>(known_objects(scene)),
                                   .captioner = std::make_shared<KnownCaptioner>("a dog")};
  const json figures = evaluate_agent(model, no_segmenter, options);
  EXPECT_TRUE(figures.contains("describe"));
  for (const char* type : {"cut_out", "area", "mask_relation", "describe_cut_out"}) EXPECT_FALSE(figures.contains(type)) << type;
}

TEST(AgentEvaluation, ToolsFailAsOftenAsIsWanted) {
  AgentEvaluationOptions options;
  options.scenes = 60;
  for (const double rate : {0., .3, 1.}) {
    options.tool_errors = rate;
    int calls = 0, failed = 0;
    CuttingModel model;
    evaluate_agent(model, std::nullopt, options, [&](const AgentAnswer& answer) {
      for (const AgentStep& step : answer.result.steps) {
        ++calls;
        failed += step.failed ? 1 : 0;
      }
    });
    EXPECT_GT(calls, 300);
    EXPECT_NEAR(static_cast<double>(failed) / calls, rate, rate == .3 ? .06 : 0);
  }
  options.tool_errors = 1.5;
  CuttingModel model;
  EXPECT_THROW(evaluate_agent(model, std::nullopt, options), std::invalid_argument);
}

// A description counts when every object is told with its colour; it is asked for where something can describe.
TEST(AgentEvaluation, DescriptionsAreJudgedByTheirObjects) {
  AgentEvaluationOptions options;
  options.seed = 3;
  options.scenes = 1;
  options.scene.min_objects = options.scene.max_objects = 2;
  const Scene scene = make_scene(options.seed, 0, options.scene);
  const auto phrase = [&](std::size_t i, bool colored) {
    const WorldObject& object = scene.objects[i];
    return phrase_of({.name = object.name, .color = colored ? std::optional(object.color) : std::nullopt, .size = ""});
  };
  const auto right = [&](const std::string& answer) {
    testing::ScriptedModel model({" x\nFinal Answer: " + answer});
    return evaluate_agent(model, std::nullopt, options)["describe"]["right"] == 1;
  };
  ASSERT_NE(phrase(0, true), phrase(1, true));
  EXPECT_TRUE(right(fmt::format("We see a {} and a {}.", phrase(1, true), phrase(0, true))));
  EXPECT_FALSE(right(fmt::format("a {} and a {}", phrase(1, true), phrase(0, false))));
  EXPECT_FALSE(right(fmt::format("a {}", phrase(0, true))));
  EXPECT_FALSE(right(fmt::format("a {} and two {}", phrase(1, true), phrase(0, true))));
  testing::ScriptedModel model({" x\nFinal Answer: no"});
  const PictureModels detector_alone{.detector = std::make_shared<KnownObjectDetector>(known_objects(scene))};
  EXPECT_FALSE(evaluate_agent(model, detector_alone, options).contains("describe"));
}

}  // namespace
}  // namespace omma
