# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Completion for fish. Commands, options and their values are what `spillwatch help` says, so that they are told in one place.

function __spillwatch_commands
    spillwatch help 2>/dev/null | string replace -rf '^  ([a-z]+) +(.*)' '$1\t$2'
end

function __spillwatch_words
    commandline -opc
end

function __spillwatch_options
    set -l words (__spillwatch_words)
    for line in (spillwatch help $words[2] 2>/dev/null | string match -r '^  --.*')
        set -l what (string replace -rf '^  \S.*?   *(.*)' '$1' -- $line)
        for option in (string replace -r '^  (.*?)(   *.*)?$' '$1' -- $line | string match -ra -- '--[a-z-]+')
            printf '%s\t%s\n' $option "$what"
        end
    end
end

# VALUE|VALUE|… behind an option
function __spillwatch_values
    set -l words (__spillwatch_words)
    test (count $words) -gt 2; and string match -q -- '--?*' $words[-1]; or return
    spillwatch help $words[2] 2>/dev/null | string replace -rf -- "^  (?:.*, )?$words[-1] ([a-z-]+\|[a-z|-]+).*" '$1' | string split '|'
end

function __spillwatch_first
    set -l words (__spillwatch_words)
    test (count $words) = 1; or test (count $words) = 2 -a "$words[2]" = help
end

# what exec runs is another program's
function __spillwatch_ours
    not __spillwatch_first; and not contains -- -- (__spillwatch_words)
end

complete -c spillwatch -n __spillwatch_first -f -a '(__spillwatch_commands)'
complete -c spillwatch -n '__spillwatch_ours; and string match -q -- "-*" (commandline -ct)' -f -a '(__spillwatch_options)'
complete -c spillwatch -n '__spillwatch_ours; and test (count (__spillwatch_values)) -gt 0' -f -a '(__spillwatch_values)'
complete -c spillwatch -n 'contains -- -- (__spillwatch_words)' -f -a '(__fish_complete_subcommand --fcs-skip=(math (contains -i -- -- (__spillwatch_words)) ))'
