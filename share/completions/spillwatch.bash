# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# Completion for bash. Commands, options and their values are what `spillwatch help` says, so that they are told in one place.

_spillwatch_options() {
	"$1" help "$2" 2>/dev/null | sed -n 's/^  \(--.*\)/\1/p' | sed 's/   *.*//' | grep -oE -- '--[a-z-]+'
}

# VALUE|VALUE|… behind an option
_spillwatch_values() {
	"$1" help "$2" 2>/dev/null | sed -n "s/^  \(.*, \)\?$3 \([a-z-]*|[a-z|-]*\).*/\2/p" | tr '|' '\n'
}

_spillwatch() {
	local program=${COMP_WORDS[0]} command=${COMP_WORDS[1]} word=${COMP_WORDS[COMP_CWORD]} before i
	before=${COMP_WORDS[COMP_CWORD - 1]}
	COMPREPLY=()
	if ((COMP_CWORD == 1)) || { [ "$command" = help ] && ((COMP_CWORD == 2)); }; then
		mapfile -t COMPREPLY < <(compgen -W "$("$program" help 2>/dev/null | sed -n 's/^  \([a-z]*\)  .*/\1/p')" -- "$word")
		return
	fi
	# what exec runs is another program's
	for ((i = 2; i < COMP_CWORD; i++)); do
		[ "${COMP_WORDS[i]}" = -- ] || continue
		if declare -F _command_offset >/dev/null; then
			_command_offset $((i + 1))
		elif ((COMP_CWORD == i + 1)); then
			mapfile -t COMPREPLY < <(compgen -c -- "$word")
		else
			mapfile -t COMPREPLY < <(compgen -f -- "$word")
		fi
		return
	done
	case $before in
	--?*) mapfile -t COMPREPLY < <(compgen -W "$(_spillwatch_values "$program" "$command" "$before")" -- "$word") ;;
	esac
	((${#COMPREPLY[@]})) && return
	case $word in
	-*) mapfile -t COMPREPLY < <(compgen -W "$(_spillwatch_options "$program" "$command")" -- "$word") ;;
	*) compopt -o default 2>/dev/null ;;
	esac
}

complete -F _spillwatch spillwatch
