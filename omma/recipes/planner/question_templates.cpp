#include "omma/recipes/planner/question_templates.h"

#include <array>
#include <cctype>

#include "omma/base/error.h"
#include "omma/data/world/exact_caption.h"
#include "omma/recipes/planner/off_topic.h"
#include "omma/recipes/planner/question_wordings.h"
#include "omma/recipes/planner/request_wordings.h"

namespace omma {

namespace {

using Templates = std::span<const std::string_view>;

constexpr auto count_templates = std::to_array<std::string_view>(
    {"How many {p} are there?", "How many {p} are there?", "How many {p} are there in the picture?", "How many {p} do you see?",
     "How many {p} can you see in this image?", "Count the {p}.", "What is the number of {p}?", "How many {p} are in the image?",
     "How many {p} does the picture show?", "How many {p} appear here?", "Give me the number of {p}.",
     "I want to know how many {p} there are.", "Could you tell me how many {p} there are?", "Say how many {p} you see.",
     "Find out how many {p} the photo has.", "What is the count of {p}?", "Do you know how many {p} there are?", "{p}: how many?"});
constexpr auto exist_templates = std::to_array<std::string_view>(
    {"Is there {a}?", "Is there {a}?", "Is there {a} in the picture?", "Are there any {p}?", "Do you see {a}?",
     "Can you see any {p} in the image?", "Are there {p} here?", "Is there any {s}?", "Do any {p} appear?", "Could there be {a}?",
     "Check whether there is {a}.", "I wonder if there is {a}.", "Do we have {a} here?", "Look for {a}: is it there?",
     "Have you found any {p}?", "Can I see {a} anywhere?", "Does this photo have {a}?", "Will I find {a} on it?"});
constexpr auto color_templates = std::to_array<std::string_view>(
    {"What color is the {s}?", "Which color is the {s}?", "What colour is the {s}?", "What colour does the {s} have?",
     "What is the color of the {s}?", "Which colour has the {s}?", "Say which color the {s} has.", "Name the color of the {s}.",
     "Can you tell me the color of the {s}?", "Do you know the colour of the {s}?", "I want to know the color of the {s}."});
constexpr auto relation_templates = std::to_array<std::string_view>(
    {"Is the {s} {r} the {S}?", "Is the {s} {r} the {S}?", "Do you see the {s} {r} the {S}?",
     "Is the {s} {r} the {S} in the picture?", "Can you see the {s} {r} the {S}?", "Is it true that the {s} is {r} the {S}?",
     "Check whether the {s} is {r} the {S}.", "I wonder if the {s} is {r} the {S}.", "Do we find the {s} {r} the {S}?",
     "Am I right that the {s} is {r} the {S}?"});
constexpr auto what_templates = std::to_array<std::string_view>(
    {"What is {r} the {S}?", "What is {r} the {S}?", "Which object is {r} the {S}?", "Which thing is {r} the {S}?",
     "What do you see {r} the {S}?", "What can be seen {r} the {S}?", "What is there {r} the {S}?", "What lies {r} the {S}?",
     "Say what is {r} the {S}.", "Tell me what is {r} the {S}.", "I want to know what is {r} the {S}.",
     "Can you say what is {r} the {S}?"});
constexpr auto more_templates = std::to_array<std::string_view>(
    {"Are there more {p} than {P}?", "Are there more {p} than {P}?", "Do you see more {p} than {P}?",
     "Can you see more {p} than {P}?", "Check whether there are more {p} than {P}.", "I wonder if there are more {p} than {P}.",
     "Is it true that there are more {p} than {P}?", "Does this photo have more {p} than {P}?"});
constexpr auto fewer_templates = std::to_array<std::string_view>(
    {"Are there fewer {p} than {P}?", "Are there fewer {p} than {P}?", "Do you see fewer {p} than {P}?",
     "Can you see fewer {p} than {P}?", "Check whether there are fewer {p} than {P}.", "I wonder if there are fewer {p} than {P}.",
     "Is it true that there are fewer {p} than {P}?", "Does this photo have fewer {p} than {P}?"});
constexpr auto where_templates =
    std::to_array<std::string_view>({"Where is the {s}?", "Where in the picture is the {s}?", "Where do you see the {s}?",
                                     "In which part of the picture is the {s}?", "Tell me where the {s} is.",
                                     "I want to know where the {s} is.", "Locate the {s}."});
constexpr auto list_templates = std::to_array<std::string_view>(
    {"Which objects are there?", "Which objects are in the picture?", "What objects do you see?", "List the objects.",
     "Name all objects.", "What things are there?", "Give me a list of the objects."});
constexpr auto exist_relation_templates = std::to_array<std::string_view>(
    {"Is there {a} {r} {A}?", "Is there {a} {r} {A}?", "Is there {a} {r} {A} in the picture?", "Are there any {p} {r} {A}?",
     "Do you see {a} {r} {A}?", "Can you see {a} {r} {A} in the image?", "Check whether there is {a} {r} {A}.",
     "I wonder if there is {a} {r} {A}.", "Is it true that there is {a} {r} {A}?", "Do we have {a} {r} {A} here?",
     "Does this photo have {a} {r} {A}?"});
constexpr auto more_description_requests = std::to_array<std::string_view>(
    {"Describe the scene.", "Caption this image.", "Say what the picture shows.", "Tell me about the picture.",
     "What does this photo show?", "What is shown here?", "Give a description of the image.", "Can you describe the picture?",
     "Describe what you see.", "I want a description of the photo."});
constexpr auto cut_out_templates = std::to_array<std::string_view>(
    {"Cut out {m}.", "Cut out {m}.", "Segment {m}.", "Segment {m}.", "Give me the mask of {m}.", "Give me the mask of {m}.",
     "Cut {m} out.", "Extract {m}.", "Make a mask of {m}.", "Show me the mask of {m}.", "Separate {m} from the rest.",
     "Mark the pixels of {m}.", "Select {m} in the picture.", "Save {m} as a picture of its own."});
constexpr auto asked_cut_out_templates = std::to_array<std::string_view>(
    {"Can you cut out {m}?", "Could you segment {m}?", "I want the mask of {m}.", "I want to cut out {m}."});
constexpr auto area_templates = std::to_array<std::string_view>(
    {"How much of the picture {is} {m}?", "How much of the picture {is} {m}?", "What percentage of the picture {does} {m} cover?",
     "What percentage of the picture {does} {m} cover?", "How large {is} {m} in per cent of the picture?",
     "How large {is} {m} in per cent of the picture?", "How much of the image {does} {m} cover?", "How much space {does} {m} take?",
     "What part of the picture {is} {m}?", "How many per cent of the picture {is} {m}?", "What is the area of {m}?",
     "How big {is} {m}?", "Give me the area of {m} in per cent.", "I want to know how much of the photo {m} {does} cover.",
     "Say how much of the image {is} {m}."});

// {c}: a sentence that asks for a mask, its first letter small and without its full stop.
constexpr auto describe_cut_out_frames = std::to_array<std::string_view>(
    {"Describe the picture, then {c}.", "Describe the picture, then {c}.", "Describe the picture and {c}.",
     "Describe this image and then {c}.", "First describe the picture, then {c}.", "Tell me what is in the picture, then {c}.",
     "Give me a caption and {c}.", "What is in the picture? Then {c}.", "Say what you see and {c}.",
     "I want a description of the photo. Then {c}."});

constexpr auto before = std::to_array<std::string_view>({"Please, ", "Hey, ", "Look at the picture: ", "In this photo, ",
                                                         "I have a question. ", "Now ", "Next: ", "Quickly, ", "Hello! ", "So "});
constexpr auto behind =
    std::to_array<std::string_view>({" please", ", please", " here", " in this photo", " in the scene", " now", ", thanks"});

// The usual sentences and the many others.
struct TemplateLists {
  Templates usual, others;
};

// Of some skills there are two kinds, of which choose_lists() takes one.
std::vector<TemplateLists> lists_of(PlannerSkill skill) {
  switch (skill) {
    case PlannerSkill::count:
      return {{count_templates, wordings::count}};
    case PlannerSkill::exist:
      return {{exist_templates, wordings::exist}};
    case PlannerSkill::color:
      return {{color_templates, wordings::color}};
    case PlannerSkill::relation:
      return {{relation_templates, wordings::relation}};
    case PlannerSkill::what:
      return {{what_templates, wordings::what}};
    case PlannerSkill::compare:
      return {{more_templates, wordings::more}, {fewer_templates, wordings::fewer}};
    case PlannerSkill::where:
      return {{where_templates, wordings::where}};
    case PlannerSkill::list:
      return {{list_templates, wordings::list}};
    case PlannerSkill::exist_relation:
      return {{exist_relation_templates, wordings::exist_relation}};
    case PlannerSkill::describe:
      return {{description_requests(), wordings::describe}, {more_description_requests, wordings::describe}};
    case PlannerSkill::cut_out:
    case PlannerSkill::mask_relation:
      return {{cut_out_templates, wordings::cut_out}, {asked_cut_out_templates, wordings::asked_cut_out}};
    case PlannerSkill::area:
      return {{area_templates, wordings::area}};
    case PlannerSkill::describe_cut_out:
      return {{describe_cut_out_frames, wordings::describe_cut_out}};
    case PlannerSkill::off_topic:
      break;
  }
  fail("planner: unknown skill");
}

TemplateLists choose_lists(const PlannerQuestion& question, Rng& rng) {
  const std::vector<TemplateLists> lists = lists_of(question.skill);
  switch (question.skill) {
    case PlannerSkill::compare:
      return lists.at(question.fewer ? 1 : 0);
    case PlannerSkill::describe:
      return lists.at(rng.chance(0.6) ? 0 : 1);
    case PlannerSkill::cut_out:
    case PlannerSkill::mask_relation:
      return lists.at(rng.chance(0.8) ? 0 : 1);
    case PlannerSkill::describe_cut_out:
      return lists_of(PlannerSkill::cut_out).front();  // what a frame takes
    default:
      return lists.front();
  }
}

Templates templates_of(const PlannerQuestion& question, Rng& rng) {
  const bool usual = rng.chance(0.5);
  const TemplateLists lists = choose_lists(question, rng);
  return usual ? lists.usual : lists.others;
}

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

bool is_punctuation(char c) { return std::ispunct(static_cast<unsigned char>(c)) != 0; }

}  // namespace

std::string question_template(const PlannerQuestion& question, Rng& rng) {
  std::string sentence(rng.pick(templates_of(question, rng)));
  if (question.skill != PlannerSkill::describe_cut_out) return sentence;
  sentence[0] = lower(sentence[0]);
  sentence.pop_back();
  const TemplateLists frames = lists_of(question.skill).front();
  std::string text(rng.pick(rng.chance(0.5) ? frames.usual : frames.others));
  return text.replace(text.find("{c}"), 3, sentence);
}

std::vector<std::string_view> wordings_of(PlannerSkill skill) {
  if (skill == PlannerSkill::off_topic) return off_topic_wordings();
  std::vector<std::string_view> all;
  for (const TemplateLists& lists : lists_of(skill))
    for (const Templates list : {lists.usual, lists.others}) all.insert(all.end(), list.begin(), list.end());
  return all;
}

std::string with_courtesies(std::string text, Rng& rng) {
  if (rng.chance(0.12)) {
    const bool stays = text.starts_with("I ") || (text.size() > 1 && std::isupper(static_cast<unsigned char>(text[1])) != 0);
    if (!stays) text[0] = lower(text[0]);
    text.insert(0, rng.pick(Templates(before)));
  }
  if (rng.chance(0.12)) text.insert(is_punctuation(text.back()) ? text.size() - 1 : text.size(), rng.pick(Templates(behind)));
  return text;
}

}  // namespace omma
