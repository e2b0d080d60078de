#include "omma/text/word_roles.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "omma/text/word_classes.h"

namespace omma {
namespace {

template <class T>
bool is_one_of(const T& value, std::initializer_list<T> list) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// Of words that may stand within a noun phrase, behind its determiners.
bool is_nominal(WordClass c) {
  return c <= WordClass::outline ||
         is_one_of(c, {WordClass::request, WordClass::activity, WordClass::ing, WordClass::gerund, WordClass::past});
}

bool is_opener(WordClass c) {
  return is_one_of(c, {WordClass::determiner, WordClass::one_determiner, WordClass::quantity, WordClass::number, WordClass::that});
}

// Reads from left to right: a word's role comes from its class, the role of the word before it and the class of the one after.
class RoleReader {
 public:
  explicit RoleReader(std::span<const SentenceWord> words) : words_(words), roles_(words.size(), WordRole::other) {
    for (const SentenceWord& word : words) classes_.push_back(word_class(word.key));
  }

  std::vector<WordRole> read() {
    for (at_ = 0; at_ < words_.size();) {
      before_ = role_before();
      after_ = class_after(at_);
      roles_[at_] = role();
      if (!continues_phrase(roles_[at_])) is_one_thing_ = false;
      at_ = roles_[at_] == WordRole::preposition ? end_of_place() : at_ + 1;
    }
    return std::move(roles_);
  }

 private:
  static bool continues_phrase(WordRole r) {
    return is_one_of(r, {WordRole::opener, WordRole::modifier, WordRole::material, WordRole::noun});
  }

  const std::string& key() const { return words_[at_].key; }
  std::string_view key_before(std::size_t distance = 1) const {
    return at_ >= distance ? std::string_view(words_[at_ - distance].key) : std::string_view{};
  }
  WordClass class_before() const { return at_ > 0 ? classes_[at_ - 1] : WordClass::end; }

  // A comma counts as "and".
  WordRole role_before() const {
    if (words_[at_].before == WordGap::stop) return WordRole::none;
    return words_[at_].before == WordGap::comma ? WordRole::conjunction : roles_[at_ - 1];
  }
  WordClass class_after(std::size_t i) const {
    return i + 1 < words_.size() && words_[i + 1].before == WordGap::none ? classes_[i + 1] : WordClass::end;
  }

  bool is_after_noun() const { return is_one_of(before_, {WordRole::noun, WordRole::material}); }
  bool is_within_phrase() const {
    return is_after_noun() || is_one_of(before_, {WordRole::opener, WordRole::modifier, WordRole::owner, WordRole::of});
  }
  bool is_after_to() const { return key_before() == "to" && key_before(2) != "next" && before_ == WordRole::preposition; }
  // "There is", "is there".
  bool tells_of_being() const { return key_before() == "there" || (at_ + 1 < words_.size() && words_[at_ + 1].key == "there"); }

  WordRole role() {
    switch (classes_[at_]) {
      case WordClass::determiner:
      case WordClass::one_determiner:
      case WordClass::quantity:
      case WordClass::number:
      case WordClass::that:
        return opener();
      case WordClass::ing:
      case WordClass::gerund:
        return ing();
      case WordClass::past:
        return past();
      case WordClass::request:
        return is_request() ? WordRole::verb : WordRole::noun;
      case WordClass::activity:
        return is_activity() ? WordRole::verb : WordRole::noun;
      case WordClass::of:
        return is_after_noun() ? WordRole::of : WordRole::preposition;
      case WordClass::preposition:
        return is_adjectival() ? WordRole::modifier : WordRole::preposition;
      case WordClass::adverb:
        return before_ == WordRole::opener ? WordRole::opener : WordRole::other;
      case WordClass::manner:
        return is_manner_of_modifier() ? WordRole::modifier : WordRole::other;
      case WordClass::auxiliary:
        return auxiliary();
      case WordClass::apostrophe:
        return is_owner() ? WordRole::owner : WordRole::auxiliary;
      default:
        return is_nominal(classes_[at_]) && classes_[at_] != WordClass::adjective ? thing() : only_role(classes_[at_]);
    }
  }

  // Of the classes that have but one.
  static WordRole only_role(WordClass c) {
    switch (c) {
      case WordClass::adjective:
        return WordRole::modifier;
      case WordClass::command:
      case WordClass::verb:
        return WordRole::verb;
      case WordClass::who:
        return WordRole::relative;
      case WordClass::question:
        return WordRole::question;
      case WordClass::subject:
        return WordRole::subject;
      case WordClass::conjunction:
        return WordRole::conjunction;
      case WordClass::clause:
        return WordRole::clause;
      default:
        return WordRole::pronoun;
    }
  }

  WordRole opener() {
    const WordClass c = classes_[at_];
    if (c == WordClass::that && is_after_noun()) return WordRole::relative;
    if (c == WordClass::number && is_part()) return WordRole::noun;
    is_one_thing_ = c == WordClass::one_determiner || c == WordClass::that;
    return WordRole::opener;
  }

  // Of a number: "Boeing 747", "the red one".
  bool is_part() const {
    if (key() == "one" || key() == "ones") return is_one_of(before_, {WordRole::modifier, WordRole::material});
    return key().front() <= '9' && is_after_noun();
  }

  // "A brightly lit room", not "a man slowly riding".
  bool is_manner_of_modifier() const {
    if (is_after_noun()) return false;
    return is_one_of(after_, {WordClass::past, WordClass::adjective}) || (before_ == WordRole::opener && is_nominal(after_));
  }

  WordRole auxiliary() const {
    if (key() == "can" && is_within_phrase()) {
      const bool is_verbal = is_one_of(after_, {WordClass::auxiliary, WordClass::subject, WordClass::command, WordClass::request,
                                                WordClass::verb, WordClass::activity, WordClass::adverb, WordClass::end});
      if (!is_verbal || before_ == WordRole::opener || after_ == WordClass::end) return WordRole::noun;
    }
    return tells_of_being() ? WordRole::other : WordRole::auxiliary;
  }

  // "An outside wall", "the opposite side".
  bool is_adjectival() const {
    return is_one_of(class_before(), {WordClass::determiner, WordClass::one_determiner}) && before_ == WordRole::opener &&
           is_one_of<std::string_view>(key(), {"inside", "near", "off", "opposite", "outside", "past"}) && is_nominal(after_);
  }

  // "The man's hat", not "the man's riding a horse".
  bool is_owner() const {
    const bool is_riding = is_one_of(after_, {WordClass::ing, WordClass::past}) && !is_nominal(class_after(at_ + 1));
    return is_after_noun() && is_nominal(after_) && !is_riding;
  }

  WordRole thing() const {
    if (names_nothing()) return WordRole::abstract;
    const WordClass c = classes_[at_];
    const bool helps_to_ask = before_ == WordRole::question && (c == WordClass::measure || c == WordClass::place);
    if (helps_to_ask) return WordRole::other;  // "what color is", "which side of"
    if (is_direction() || is_verb_by_place()) return WordRole::verb;
    return is_one_of(c, {WordClass::material, WordClass::place}) ? WordRole::material : WordRole::noun;
  }

  // "The color of the car", "this image shows a car", "bounding boxes around cars": to be found is the car.
  bool names_nothing() const {
    const std::string_view next = after_ == WordClass::end ? std::string_view{} : words_[at_ + 1].key;
    switch (classes_[at_]) {
      case WordClass::measure:
        return next == "of" && before_ != WordRole::question;
      case WordClass::picture:
        return is_one_of<std::string_view>(next, {"of", "shows", "depicts", "contains", "features", "includes", "consists"});
      case WordClass::outline:
        return next == "around" || key_before() == "bounding";
      default:
        return false;
    }
  }

  // "The dog left of the tree", "right behind it", "side by side".
  bool is_direction() const {
    return is_one_of<std::string_view>(key(), {"left", "right", "side"}) && !is_nominal(after_) &&
           (is_after_noun() || !is_within_phrase());
  }

  bool is_before_determiner() const { return is_one_of(after_, {WordClass::determiner, WordClass::one_determiner}); }

  // A verb that is in no list shows by what surrounds it.
  bool is_verb_by_place() const {
    const bool is_plural = looks_plural(key()), ends_in_ing = key().ends_with("ing");
    if (ends_in_ing && before_ == WordRole::auxiliary) return true;  // "is painting"
    if (is_before_determiner()) {
      if (is_after_noun()) return is_plural || ends_in_ing || looks_plural(key_before());  // "the cook chops the onions"
      if (is_after_to()) return true;
      return is_one_of(before_, {WordRole::none, WordRole::other, WordRole::conjunction, WordRole::subject});  // "Frame the car"
    }
    if (classes_[at_] != WordClass::open && classes_[at_] != WordClass::activity) return false;
    if (before_ == WordRole::relative) return class_before() == WordClass::who || is_plural;  // "who cooks", "that barks"
    return is_one_thing_ && is_plural && is_after_noun() && !is_nominal(after_);              // "a cook chops with"
  }

  bool is_activity() const {
    if (is_verb_by_place() || is_one_of(before_, {WordRole::subject, WordRole::relative})) return true;
    const bool is_third = looks_plural(key());  // "walks"
    if (!is_third && (is_after_to() || before_ == WordRole::auxiliary)) return true;
    if (before_ == WordRole::conjunction && at_ > 1 && roles_[at_ - 2] == WordRole::verb) return true;  // "sits and watches TV"
    if (!is_after_noun()) return false;
    if (is_before_determiner()) return true;
    const bool has_actor = class_before() == WordClass::actor, is_after_plural = looks_plural(key_before());
    if (is_third) return has_actor || is_one_thing_ || is_after_plural;
    return is_after_plural && (has_actor || !is_nominal(after_));
  }

  bool is_request() const {
    if (is_activity()) return true;
    if (is_within_phrase() || after_ == WordClass::end || is_one_of(before_, {WordRole::verb, WordRole::question})) return false;
    return before_ != WordRole::preposition || is_after_to();
  }

  // "A white sleeping cat", not "a woman in white holding a cat" or "the dogs are happy eating".
  bool is_after_leading_modifier() const {
    if (at_ < 2) return true;
    const WordRole role = roles_[at_ - 2];
    return !is_one_of(role, {WordRole::noun, WordRole::material, WordRole::auxiliary, WordRole::other}) && key_before(2) != "in";
  }

  WordRole ing() const {
    if (before_ == WordRole::modifier && !is_after_leading_modifier()) return WordRole::verb;
    if (is_nominal(after_)) return is_doing() ? WordRole::verb : WordRole::modifier;
    const bool is_named = is_one_of(before_, {WordRole::opener, WordRole::modifier}) && after_ != WordClass::determiner;
    return is_named ? WordRole::noun : WordRole::verb;  // "the opening in the wall", "damaged packaging"
  }

  // Of a word in -ing before another: what it does ("a man eating pizza") rather than what it is like ("a sleeping dog").
  bool is_doing() const {
    if (is_one_of(before_, {WordRole::auxiliary, WordRole::relative, WordRole::subject})) return true;
    if (classes_[at_] == WordClass::gerund) return false;
    switch (before_) {
      case WordRole::noun:
      case WordRole::material:
      case WordRole::conjunction:
      case WordRole::clause:
        return true;
      case WordRole::preposition:
        return is_one_of<std::string_view>(key_before(), {"by", "for", "before", "after", "from", "without", "like"});
      case WordRole::verb:  // "enjoys riding horses", not "find running dogs"
        return !is_one_of(class_before(), {WordClass::command, WordClass::request});
      case WordRole::other:  // "quietly riding horses", not "there are sleeping dogs"
        return class_before() != WordClass::auxiliary;
      default:
        return false;
    }
  }

  WordRole past() const {
    const bool has_actor = is_after_noun() && class_before() == WordClass::actor;
    const bool is_done = is_one_of<std::string_view>(key_before(), {"has", "have", "had", "'ve"});
    const bool is_told = has_actor || is_done || is_one_of(before_, {WordRole::subject, WordRole::relative});
    return is_nominal(after_) && !is_told ? WordRole::modifier : WordRole::verb;
  }

  // The end of what says only where, "to the left", "at the top right", "in this picture"; else the word after the preposition.
  std::size_t end_of_place() const {
    std::size_t end = at_ + 1;
    const auto next = [&] { return class_after(end - 1); };
    while (is_opener(next()) || next() == WordClass::adverb) ++end;
    const std::size_t first = end;
    while (next() == WordClass::place) ++end;
    if (end == first && first > at_ + 1 && next() == WordClass::picture && is_of_picture()) ++end;
    const bool is_named = is_nominal(next()) && !is_one_of(next(), {WordClass::ing, WordClass::past, WordClass::activity});
    const bool is_photo_of = classes_[end - 1] == WordClass::picture && next() == WordClass::of;
    return end == first || is_named || is_photo_of ? at_ + 1 : end;
  }
  bool is_of_picture() const {
    return is_one_of<std::string_view>(key(), {"in", "of", "on", "from", "within", "inside", "across", "throughout"}) ||
           (key() == "at" && key_before() == "look");
  }

  std::span<const SentenceWord> words_;
  std::vector<WordClass> classes_;
  std::vector<WordRole> roles_;
  std::size_t at_ = 0;
  WordRole before_ = WordRole::none;  // a word's role, seen from the next
  WordClass after_ = WordClass::end;
  bool is_one_thing_ = false;  // the phrase began with "a"
};

}  // namespace

std::vector<WordRole> word_roles(std::span<const SentenceWord> words) { return RoleReader(words).read(); }

}  // namespace omma
