# SPDX-License-Identifier: GPL-2.0-only
#
# gnuplot -e "dir='build/bench'; type='png'" bench/plots.gnuplot
#
# Bars of stock and ours, from the tables that bench/table.py wrote there.

if (type eq 'png') {
	set terminal pngcairo size 860,340 font 'sans,10'
} else {
	set terminal svg size 860,340 font 'sans,11'
}

set style data histograms
set style histogram clustered gap 1
set style fill solid 0.9 noborder
set boxwidth 0.95
set grid ytics lc rgb '#dddddd'
set border 3
set tics nomirror
set datafile separator ','
stock = '#9aa5b1'
ours = '#1f77b4'

# the one for the README: two in one
set output dir.'/overview.'.type
set multiplot layout 1,2
set key top left
set title 'Registering a BAR: instructions'
set logscale y
set format y '10^{%L}'
set yrange [1e3:1e12]
set xtics font ',9'
plot dir.'/register.dat' using 2:xtic(1) title 'stock, ZONE\_DEVICE' lc rgb stock, \
     '' using 3 title 'dma-phys' lc rgb ours
unset logscale y
set format y '%g'
set yrange [0:*]
set title 'A peer-to-peer read from NVMe: thousand instructions'
plot dir.'/p2p.dat' using ($2/1000):xtic(1) title 'stock, ZONE\_DEVICE' lc rgb stock, \
     '' using ($3/1000) title 'dma-phys' lc rgb ours
unset multiplot

set output dir.'/ram.'.type
set title 'IO of RAM, instructions an IO: ours in per cent of stock'
set ylabel '%'
set xtics rotate by -45 font ',8'
set yrange [80:105]
set key off
plot dir.'/ram.dat' using (100*$3/$2):xtic(1) lc rgb ours, \
     100 with lines lc rgb '#888888' dt 2
