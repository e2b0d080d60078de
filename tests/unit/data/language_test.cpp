#include "omma/data/world/language.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

namespace omma {
namespace {

// A dog left of and above a bus, a second, larger dog in the lower right corner.
Scene small_scene() {
  Scene scene{.image = Image(100, 100)};
  const int dog = *find_world_name("dog"), bus = *find_world_name("bus");
  scene.objects = {{.name = dog, .color = 3, .box = {0, 0, 20, 20}, .extent = 20},
                   {.name = bus, .color = 0, .box = {35, 35, 65, 65}, .extent = 30},
                   {.name = dog, .color = 5, .box = {60, 60, 100, 100}, .extent = 40}};
  return scene;
}

int answer_count(const Scene& scene, const ObjectQuery& query) { return static_cast<int>(find_objects(scene, query).size()); }

TEST(Language, QueriesFindAndPhrase) {
  const Scene scene = small_scene();
  const int dog = *find_world_name("dog");
  EXPECT_EQ(find_objects(scene, {.name = dog, .color = {}, .size = ""}), (std::vector<int>{0, 2}));
  EXPECT_EQ(find_objects(scene, {.name = dog, .color = 5, .size = ""}), (std::vector<int>{2}));
  EXPECT_EQ(find_objects(scene, {.name = dog, .color = {}, .size = "small"}), (std::vector<int>{0}));
  EXPECT_EQ(phrase_of({.name = dog, .color = 5, .size = "large"}), "large gray dog");
  EXPECT_EQ(phrase_of({.name = dog, .color = 3, .size = ""}, true), "blue dogs");
  EXPECT_EQ(phrase_of({.name = {}, .color = 0, .size = ""}, true), "red things");
}

TEST(Language, ReferringPhrasesFitTheirObjects) {
  const Scene scene = small_scene();
  std::map<std::string, std::vector<int>> found;
  for (std::uint64_t stream = 0; stream < 50; ++stream) {
    Rng rng(1, stream);
    for (const ReferringPhrase& phrase : referring_phrases(scene, rng)) found[phrase.text] = phrase.objects;
  }
  const std::map<std::string, std::vector<int>> expected = {{"dog", {0, 2}},
                                                            {"bus", {1}},
                                                            {"blue dog", {0}},
                                                            {"gray dog", {2}},
                                                            {"red bus", {1}},
                                                            {"small dog", {0}},
                                                            {"large dog", {2}},
                                                            {"blue thing", {0}},
                                                            {"red thing", {1}},
                                                            {"gray thing", {2}},
                                                            {"leftmost dog", {0}},
                                                            {"rightmost dog", {2}},
                                                            {"topmost dog", {0}},
                                                            {"lowest dog", {2}},
                                                            {"dog left of the bus", {0}},
                                                            {"dog above the red bus", {0}},
                                                            {"bus below the blue dog", {1}}};
  for (const auto& [text, objects] : expected) {
    ASSERT_TRUE(found.contains(text)) << text;
    EXPECT_EQ(found[text], objects) << text;
  }
}

TEST(Language, CaptionsNameWhatTheirSpansSay) {
  std::set<std::string> shapes;
  for (std::uint64_t index = 0; index < 400; ++index) {
    const Scene scene = make_scene(2, index, {.size = 64});
    Rng rng(3, index);
    for (const Caption& caption : captions(scene, rng)) {
      std::string shape = caption.text;
      for (auto span = caption.spans.rbegin(); span != caption.spans.rend(); ++span) {
        const std::string phrase = caption.text.substr(span->begin, span->end - span->begin);
        EXPECT_FALSE(span->objects.empty());
        for (const int object : span->objects) {
          const Noun& noun = world_noun(scene.objects[static_cast<std::size_t>(object)].name);
          EXPECT_TRUE(phrase.ends_with(span->objects.size() == 1 ? noun.singular : noun.plural)) << phrase;
        }
        shape = fmt::format("{}#{}", shape.substr(0, span->begin), shape.substr(span->end));
      }
      shapes.insert(shape.substr(0, shape.find(',')));
    }
  }
  EXPECT_GE(shapes.size(), 20U);  // templates
}

// As whole words: "yellow ball" is not in "yellow balloon".
bool says(std::string_view text, std::string_view phrase) {
  for (std::size_t at = text.find(phrase); at != std::string_view::npos; at = text.find(phrase, at + 1)) {
    const std::size_t end = at + phrase.size();
    if (end == text.size() || std::isalpha(static_cast<unsigned char>(text[end])) == 0) return true;
  }
  return false;
}

TEST(Language, TrainingTextsNeverNameHeldOutPairs) {
  for (const Split split : {Split::train, Split::val, Split::len, Split::domain}) {
    for (std::uint64_t index = 0; index < 200; ++index) {
      const Scene scene = make_scene(4, index, {.size = 64, .split = split});
      Rng rng(5, index);
      std::string text;
      for (const Caption& caption : captions(scene, rng)) text += caption.text + "\n";
      for (const ReferringPhrase& phrase : referring_phrases(scene, rng)) text += phrase.text + "\n";
      for (const Question& question : questions(scene, rng)) text += question.text + "\n";
      for (const ColorName& pair : combo_pairs())
        for (const bool plural : {false, true})
          EXPECT_FALSE(says(text, phrase_of({.name = pair.name, .color = pair.color, .size = ""}, plural))) << text;
    }
  }
}

// What the answer must be, worked out from the question's own account.
std::string expected_answer(const Scene& scene, const Question& question) {
  const auto yes_or_no = [](bool yes) { return std::string(yes ? "yes" : "no"); };
  const std::vector<int> subjects = find_objects(scene, question.subject), references = find_objects(scene, question.reference);
  const auto word = [&](std::string_view text) { return question.text.find(text) != std::string::npos; };
  switch (question.type) {
    case QuestionType::count:
      return std::to_string(subjects.size());
    case QuestionType::exist:
      return yes_or_no(!subjects.empty());
    case QuestionType::color:
      return std::string(world_color(scene.objects[static_cast<std::size_t>(subjects.front())].color));
    case QuestionType::relation:
      return yes_or_no(holds(scene, question.relation, subjects.front(), references.front()));
    case QuestionType::what:
      for (int i = 0; i < static_cast<int>(scene.objects.size()); ++i)
        if (holds(scene, question.relation, i, references.front()))
          return std::string(world_noun(scene.objects[static_cast<std::size_t>(i)].name).singular);
      return "nothing";
    case QuestionType::compare:
      return yes_or_no(word("fewer") ? subjects.size() < references.size() : subjects.size() > references.size());
  }
  return "";
}

TEST(Language, AnswersAreRightAndBalanced) {
  std::map<QuestionType, std::map<std::string, int>> answers;
  std::map<QuestionType, int> total;
  for (std::uint64_t index = 0; index < 3000; ++index) {
    const Scene scene = make_scene(6, index, {.size = 64, .split = index % 5 == 0 ? Split::combo : Split::train});
    Rng rng(7, index);
    for (const Question& question : questions(scene, rng)) {
      EXPECT_EQ(question.answer, expected_answer(scene, question)) << question.text;
      ++answers[question.type][question.answer];
      ++total[question.type];
    }
  }
  const std::map<QuestionType, double> most_frequent = {{QuestionType::count, .36}, {QuestionType::exist, .55},
                                                        {QuestionType::color, .20}, {QuestionType::relation, .55},
                                                        {QuestionType::what, .06},  {QuestionType::compare, .55}};
  for (const auto& [type, limit] : most_frequent) {
    EXPECT_GT(total[type], 400) << name_of(type);
    for (const auto& [answer, count] : answers[type]) EXPECT_LT(count, limit * total[type]) << name_of(type) << " " << answer;
  }
}

TEST(Language, AbsentSubjectsHaveAPresentName) {
  int hard = 0;
  for (std::uint64_t index = 0; index < 500; ++index) {
    const Scene scene = make_scene(9, index, {.size = 64});
    Rng rng(10, index);
    for (const Question& question : questions(scene, rng))
      if (question.type == QuestionType::exist && question.answer == "no" && question.subject.name && question.subject.color) {
        ++hard;
        EXPECT_GT(answer_count(scene, {.name = question.subject.name, .color = {}, .size = ""}), 0);
      }
  }
  EXPECT_GT(hard, 40);
}

}  // namespace
}  // namespace omma
