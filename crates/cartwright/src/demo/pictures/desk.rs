//! Pens, ink and what lies on a desk.

use super::scene::{
    BRASS, CHARCOAL, CLAY, CREAM, Colour, INK, MOSS, MUSTARD, OAK, ROSE, SAGE, SAND, SKY, STONE, Scene, TIDE, WALNUT,
    dark, hex, light, mix, repeat,
};

/// A brass pen, lying.
pub(super) fn brass_pen(scene: &mut Scene) {
    let (barrel, ring, tip) = (scene.rod(BRASS), scene.rod(dark(BRASS, 30)), scene.rod(0xD8_D6_D2));
    let knurl = repeat(15, |n| format!(r#"<path d="M{} 372v56" stroke-width="2.4"/>"#, 196 + n * 7));
    let line = hex(dark(BRASS, 45));
    scene.draw(&format!(
        r##"<g transform="rotate(-32 400 400)"><rect x="130" y="424" width="560" height="26" rx="13" fill="#1b1820" opacity=".17"/>
<path d="M120 400L178 374h14v52h-14z" fill="{tip}"/><path d="M96 397l26 -4v14l-26 -4z" fill="{line}"/>
<rect x="190" y="370" width="470" height="60" rx="10" fill="{barrel}"/><g stroke="{line}" opacity=".55">{knurl}</g>
<rect x="318" y="368" width="10" height="64" fill="{ring}"/><rect x="600" y="368" width="10" height="64" fill="{ring}"/>
<rect x="660" y="382" width="44" height="36" rx="8" fill="{ring}"/><path d="M606 372h-150q-14 0 -14 10t14 10h150z" fill="{ring}"/>
<path d="M456 376h140" stroke="{}" stroke-width="3" opacity=".8"/></g>"##,
        hex(light(BRASS, 60))
    ));
    scene.draw(&format!(
        r#"<path d="M108 590c40 -30 66 26 104 0s60 -34 92 -2 58 6 84 -10" fill="none" stroke="{}" stroke-width="5" stroke-linecap="round" opacity=".8"/>"#,
        hex(INK)
    ));
}

/// A faceted fountain pen with its cap beside it.
pub(super) fn fountain_pen(scene: &mut Scene) {
    let facets = [light(TIDE, 30), TIDE, dark(TIDE, 18), dark(TIDE, 42)].map(hex);
    let (gold, steel, black) =
        (scene.rod(BRASS), scene.across(&[(0, light(BRASS, 50)), (100, dark(BRASS, 20))]), scene.rod(CHARCOAL));
    let strips = |x: i32, width: i32| {
        repeat(4, |n| {
            format!(
                r#"<rect x="{x}" y="{}" width="{width}" height="17" fill="{}"/>"#,
                366 + n * 17,
                facets[usize::try_from(n).unwrap_or(0)]
            )
        })
    };
    let slit = hex(dark(BRASS, 55));
    scene.draw(&format!(
        r##"<g transform="rotate(-38 400 400) translate(-20 -50)"><rect x="150" y="432" width="540" height="28" rx="14" fill="#1b1820" opacity=".16"/>
<path d="M270 376h-70q-60 8 -102 24q42 16 102 24h70z" fill="{steel}"/><path d="M100 400h92" stroke="{slit}" stroke-width="2.5"/><circle cx="200" cy="400" r="7" fill="{slit}"/>
<path d="M250 372h96v56h-96q-8 -28 0 -56z" fill="{black}"/><rect x="344" y="364" width="12" height="72" rx="3" fill="{gold}"/>{}
<path d="M650 366q30 4 30 34t-30 34z" fill="{}"/><rect x="640" y="364" width="10" height="72" fill="{gold}"/></g>"##,
        strips(356, 286),
        facets[2],
    ));
    scene.draw(&format!(
        r##"<g transform="rotate(-38 400 400) translate(90 110)"><rect x="230" y="432" width="290" height="28" rx="14" fill="#1b1820" opacity=".16"/>{}
<path d="M500 366q36 6 36 34t-36 34z" fill="{}"/><rect x="226" y="362" width="18" height="76" rx="4" fill="{gold}"/>
<path d="M510 378H330q-16 0 -16 10t16 10h180z" fill="{gold}"/></g>"##,
        strips(240, 262),
        facets[2],
    ));
}

/// A bottle of ink and four drops.
pub(super) fn bottled_ink(scene: &mut Scene) {
    scene.shadow(400, 660, 330);
    let (glass, ink, cap) = (scene.round(mix(SKY, 0xFF_FF_FF, 45)), scene.round(TIDE), scene.round(CHARCOAL));
    let label = hex(CREAM);
    scene.draw(&format!(
        r#"<path d="M262 470q0 -44 50 -56l26 -10v-30h124v30l26 10q50 12 50 56v154q0 36 -36 36H298q-36 0 -36 -36z" fill="{glass}" opacity=".9"/>
<path d="M280 500h240v118q0 26 -26 26H306q-26 0 -26 -26z" fill="{ink}"/><path d="M280 500q60 -14 120 0t120 0v20H280z" fill="{}" opacity=".7"/>
<rect x="322" y="296" width="156" height="84" rx="10" fill="{cap}"/>{}<rect x="318" y="526" width="164" height="90" rx="4" fill="{label}"/>
<path d="M400 540c14 20 20 28 20 38a20 20 0 0 1 -40 0c0 -10 6 -18 20 -38z" fill="{}"/><path d="M284 470q4 -22 30 -30" fill="none" stroke="{}" stroke-width="9" stroke-linecap="round" opacity=".8"/>"#,
        hex(light(TIDE, 35)),
        repeat(17, |n| format!(r##"<path d="M{} 304v68" stroke="#000" stroke-width="2" opacity=".28"/>"##, 328 + n * 9)),
        hex(TIDE),
        hex(0xFF_FF_FF),
    ));
    for (x, y, size, colour) in [(166, 250, 36, TIDE), (246, 176, 26, MOSS), (566, 190, 32, CLAY), (648, 268, 24, INK)]
    {
        let drop = scene.across(&[(0, light(colour, 35)), (100, colour)]);
        scene.draw(&format!(
            r#"<path d="M{x} {}C{} {} {} {} {} {y}a{size} {size} 0 1 1 -{} 0C{} {} {} {} {x} {}z" fill="{drop}"/>"#,
            y - size * 2,
            x + size / 3,
            y - size,
            x + size,
            y - size / 2,
            x + size,
            size * 2,
            x - size,
            y - size / 2,
            x - size / 3,
            y - size,
            y - size * 2,
        ));
    }
}

/// A tray of arches, with a pencil and clips in it.
pub(super) fn arch_tray(scene: &mut Scene) {
    scene.shadow(400, 664, 600);
    let (back, front, hollow) = (
        scene.down(&[(0, light(OAK, 25)), (100, OAK)]),
        scene.face(OAK),
        scene.down(&[(0, dark(WALNUT, 30)), (100, WALNUT)]),
    );
    let (blue, red, brass) = (scene.round(TIDE), scene.round(CLAY), hex(BRASS));
    scene.draw(&format!(
        r#"<path d="M180 452h440l42 60H138z" fill="{hollow}"/><path d="M180 452h440v-16H180z" fill="{back}"/>
<g transform="rotate(9 300 430)"><path d="M268 290l12 -40 12 40z" fill="{brass}"/><rect x="264" y="288" width="32" height="250" fill="{blue}"/></g>
<g transform="rotate(-7 350 430)"><rect x="334" y="318" width="28" height="220" rx="14" fill="{red}"/></g>
<g fill="none" stroke="{brass}" stroke-width="7" stroke-linecap="round"><path d="M520 520v-92a22 22 0 0 1 44 0v80"/><path d="M576 520v-64a18 18 0 0 1 36 0v60"/></g>
<path d="M138 508h524v132q0 22 -22 22H160q-22 0 -22 -22z" fill="{front}"/>"#
    ));
    let edge = hex(dark(OAK, 30));
    scene.draw(&repeat(4, |n| {
        let x = 172 + n * 118;
        format!(r#"<path d="M{x} 662v-52a51 51 0 0 1 102 0v52z" fill="{hollow}"/><path d="M{x} 662v-52a51 51 0 0 1 102 0" fill="none" stroke="{edge}" stroke-width="3"/>"#)
    }));
    scene.draw(&format!(
        r#"<path d="M140 510h520" stroke="{}" stroke-width="4" opacity=".7"/>{}"#,
        hex(light(OAK, 50)),
        grain(150, 530, 500, 4, OAK)
    ));
}

/// A few lines of grain.
fn grain(x: i32, y: i32, width: i32, count: i32, wood: Colour) -> String {
    let colour = hex(dark(wood, 22));
    repeat(count, |n| {
        let y = y + n * 11;
        format!(
            r#"<path d="M{x} {y}q{} -7 {} 0t{} 0" fill="none" stroke="{colour}" stroke-width="1.6" opacity=".38"/>"#,
            width / 4,
            width / 2,
            width / 2
        )
    })
}

/// A cut stone: a dozen facets, each with its own light.
pub(super) fn paperweight(scene: &mut Scene) {
    let paper = scene.down(&[(0, 0xFF_FF_FF), (100, CREAM)]);
    scene.draw(&format!(
        r##"<path d="M120 700l80 -96h420l90 96z" fill="#1b1820" opacity=".12"/><path d="M110 690l84 -92h420l84 92z" fill="{paper}"/><path d="M230 622h330M214 642h360M196 662h300" stroke="{}" stroke-width="4" opacity=".5"/>"##,
        hex(STONE)
    ));
    scene.shadow(410, 648, 400);
    let facets = [
        ("M250 500 330 360 400 430z", 30),
        ("M330 360 440 330 400 430z", 58),
        ("M440 330 540 400 400 430z", 38),
        ("M540 400 590 520 478 508z", 8),
        ("M540 400 478 508 400 430z", 22),
        ("M250 500 400 430 356 540z", 16),
        ("M400 430 478 508 356 540z", 34),
        ("M250 500 356 540 286 640z", 2),
        ("M356 540 286 640 420 652z", 10),
        ("M356 540 478 508 420 652z", 20),
        ("M478 508 540 636 420 652z", 4),
        ("M478 508 590 520 540 636z", 0),
    ];
    let stone = dark(mix(MOSS, TIDE, 50), 12);
    for (path, percent) in facets {
        let (from, to) = (light(stone, percent + 8), light(stone, percent));
        let paint = scene.across(&[(0, from), (100, to)]);
        scene.draw(&format!(r#"<path d="{path}" fill="{paint}" stroke="{}" stroke-width="1"/>"#, hex(from)));
    }
}

/// A walnut ruler with a brass edge.
pub(super) fn walnut_ruler(scene: &mut Scene) {
    let (wood, edge) = (scene.down(&[(0, light(WALNUT, 14)), (100, dark(WALNUT, 12))]), scene.rod(BRASS));
    let line = hex(CREAM);
    let ticks = repeat(61, |n| {
        let length = if n % 10 == 0 {
            44
        } else if n % 5 == 0 {
            32
        } else {
            20
        };
        format!(r#"<path d="M{} 346v{length}"/>"#, 70 + n * 11)
    });
    let numbers = repeat(7, |n| format!(r#"<circle cx="{}" cy="408" r="{}"/>"#, 70 + n * 110, 5));
    scene.draw(&format!(
        r##"<g transform="rotate(-24 400 400)"><rect x="34" y="360" width="760" height="120" rx="8" fill="#1b1820" opacity=".17"/>
<rect x="20" y="334" width="760" height="124" rx="6" fill="{wood}"/>{}<rect x="20" y="334" width="760" height="13" rx="4" fill="{edge}"/>
<g stroke="{line}" stroke-width="2.6">{ticks}</g><g fill="{line}">{numbers}</g><circle cx="752" cy="424" r="13" fill="{}"/></g>"##,
        grain(40, 418, 660, 4, WALNUT),
        hex(dark(WALNUT, 50)),
    ));
    let (lead, wood) = (scene.rod(CLAY), scene.across(&[(0, light(OAK, 45)), (100, OAK)]));
    scene.draw(&format!(
        r##"<g transform="rotate(-24 400 400) translate(60 130)"><rect x="226" y="428" width="360" height="20" rx="10" fill="#1b1820" opacity=".16"/>
<path d="M210 414L262 398v32z" fill="{wood}"/><path d="M210 414l17 -5v10z" fill="{}"/><rect x="260" y="398" width="310" height="32" fill="{lead}"/>
<rect x="566" y="396" width="30" height="36" fill="{edge}"/><rect x="594" y="398" width="34" height="32" rx="8" fill="{}"/></g>"##,
        hex(CHARCOAL),
        hex(ROSE)
    ));
}

/// Five rolls of patterned tape.
pub(super) fn washi_tape(scene: &mut Scene) {
    let rolls = [(230, 268, MUSTARD), (440, 214, TIDE), (600, 390, ROSE), (250, 500, SAGE), (468, 560, CLAY)];
    for (n, (x, y, colour)) in (0..).zip(rolls) {
        roll(scene, x, y, colour, n);
    }
}

fn roll(scene: &mut Scene, x: i32, y: i32, colour: Colour, pattern: i32) {
    let soft = scene.glow(&[(0, CHARCOAL, 55), (70, CHARCOAL, 26), (100, CHARCOAL, 0)]);
    let (side, face, core) = (hex(dark(colour, 26)), scene.face(colour), scene.face(SAND));
    let print = hex(light(colour, 58));
    let marks = repeat(24, |n| {
        let turn = n * 15;
        let shape = match pattern % 3 {
            0 => format!(r#"<circle cx="{x}" cy="{}" r="7"/>"#, y - 84),
            1 => format!(r#"<rect x="{}" y="{}" width="7" height="46"/>"#, x - 3, y - 108),
            _ => format!(r#"<path d="M{} {}l11 18h-22z"/>"#, x, y - 94),
        };
        format!(r#"<g transform="rotate({turn} {x} {y})">{shape}</g>"#)
    });
    scene.draw(&format!(
        r#"<circle cx="{}" cy="{}" r="132" fill="{soft}"/><circle cx="{}" cy="{}" r="110" fill="{side}"/><circle cx="{x}" cy="{y}" r="110" fill="{face}"/>
<g fill="{print}">{marks}</g><circle cx="{x}" cy="{y}" r="62" fill="{core}"/><circle cx="{x}" cy="{y}" r="50" fill="{}"/><circle cx="{}" cy="{}" r="46" fill="{}" opacity=".5"/>"#,
        x + 14,
        y + 20,
        x + 5,
        y + 12,
        hex(dark(SAND, 30)),
        x + 3,
        y + 4,
        hex(SKY),
    ));
}
